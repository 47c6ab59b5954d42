package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/callthread/callthread/automation"
	"github.com/callthread/callthread/internal/app"
	"github.com/callthread/callthread/internal/check"
)

// errCheckFailed makes the exit code tell scripts what the report tells people.
var errCheckFailed = errors.New("calls would go wrong: see the problems above")

// checkResult is what --json prints.
type checkResult struct {
	OK       bool            `json:"ok"`
	Findings []check.Finding `json:"findings"`
	Samples  []check.Sample  `json:"samples,omitempty"`
}

// checkCommand tells before the first call whether everything fits together.
func checkCommand(out io.Writer) *cli.Command {
	var (
		automations app.Automations
		crm         app.Kustomer
		country     app.Country
		sample      bool
		asJSON      bool
	)
	return &cli.Command{
		Name:  "check",
		Usage: "check the automations file and, with credentials, whether it and the Kustomer org fit together; writes nothing",
		Flags: append(app.Flags(&automations, &crm, &country),
			&cli.BoolFlag{Name: "sample", Usage: "show the requests that made-up calls would lead to", Destination: &sample},
			&cli.BoolFlag{Name: "json", Usage: "print JSON, for scripts", Destination: &asJSON},
		),
		Action: func(c *cli.Context) error {
			if err := app.NoArguments(c); err != nil {
				return err
			}
			home, err := country.Parse()
			if err != nil {
				return err
			}
			var report check.Report
			set, warnings, err := automations.Load()
			report.File(fileName(automations), set, warnings, err)
			if crm.URL != "" || crm.APIKeyFile != "" || os.Getenv("KUSTOMER_API_KEY") != "" {
				checkOrg(c.Context, &report, crm, set)
			}
			result := checkResult{OK: !report.Fails(), Findings: report.Findings}
			if sample && set != nil {
				if result.Samples, err = check.Samples(c.Context, set, home); err != nil {
					return err
				}
			}
			if err := printCheck(out, result, asJSON); err != nil {
				return err
			}
			if !result.OK {
				return errCheckFailed
			}
			return nil
		},
	}
}

// checkOrg checks the settings of the org and, where both they and the file
// are good, the org itself.
func checkOrg(ctx context.Context, report *check.Report, crm app.Kustomer, set *automation.Set) {
	client, err := crm.Client(nil)
	switch {
	case err != nil:
		report.Settings(err)
	case set != nil:
		report.Org(ctx, client, set)
	}
}

func fileName(automations app.Automations) string {
	if automations.File == "" {
		return "the built-in file"
	}
	return automations.File
}

func printCheck(out io.Writer, result checkResult, asJSON bool) error {
	if asJSON {
		encoder := json.NewEncoder(out)
		encoder.SetIndent("", "  ")
		return encoder.Encode(result)
	}
	for _, finding := range result.Findings {
		fmt.Fprintf(out, "%-8s %s\n", finding.Level, finding.Text)
		for line := range strings.Lines(finding.Excerpt) {
			fmt.Fprintf(out, "%8s   %s\n", "", strings.TrimRight(line, "\n"))
		}
	}
	for _, sample := range result.Samples {
		if err := printSample(out, sample); err != nil {
			return err
		}
	}
	return nil
}

func printSample(out io.Writer, sample check.Sample) error {
	fmt.Fprintf(out, "\nSample call, %s:\n", sample.Call)
	if len(sample.Requests) == 0 { // a bare heading would look as if something had gone wrong
		fmt.Fprintln(out, "  no automation opens a conversation for this call")
	}
	for _, request := range sample.Requests {
		fmt.Fprintf(out, "  %s %s\n", request.Method, request.Path)
		if len(request.Body) > 0 {
			body, err := json.MarshalIndent(request.Body, "    ", "  ")
			if err != nil {
				return err
			}
			fmt.Fprintf(out, "    %s\n", body)
		}
	}
	for _, warning := range sample.Warnings {
		fmt.Fprintf(out, "  %-8s %s\n", check.Warning, warning)
	}
	return nil
}
