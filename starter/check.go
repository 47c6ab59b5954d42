package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/callthread/callthread/automation"
	"github.com/callthread/callthread/internal/against"
	"github.com/callthread/callthread/internal/app"
	"github.com/callthread/callthread/internal/check"
	"github.com/callthread/callthread/internal/trial"
)

// errCheckFailed sets the exit code; the report contains the problems.
var errCheckFailed = errors.New("the check failed: see the problems above")

// checkResult is the output of --json.
type checkResult struct {
	OK       bool            `json:"ok"`
	Findings []check.Finding `json:"findings"`
	Samples  []check.Sample  `json:"samples,omitempty"`
	// Unreached are the automations that act on no sample: null if there are no samples, otherwise
	// an array.
	Unreached []trial.Automation `json:"unreached,omitzero"`
	// Unmatched are the entries of "ignore" that match no sample.
	Unmatched []trial.Position `json:"unmatched,omitempty"`
	// Calls is the report of --calls.
	Calls *against.Report `json:"calls,omitempty"`
}

// checking contains the flags of the command.
type checking struct {
	automations app.Automations
	crm         app.Kustomer
	country     app.Country
	samples     samples
	calls       realCalls
	asJSON      bool
}

// checkCommand checks the settings before the first call.
func checkCommand(out, logs io.Writer) *cli.Command {
	c := checking{calls: realCalls{logs: logs}}
	return &cli.Command{
		Name:  "check",
		Usage: "check the automations file and, with credentials, whether it and the Kustomer org fit together; writes nothing",
		Flags: slices.Concat(app.Flags(&c.automations, &c.crm, &c.country), c.samples.flags(), c.calls.flags(), []cli.Flag{
			&cli.BoolFlag{Name: "json", Usage: "print JSON, for scripts", Destination: &c.asJSON},
		}),
		Action: func(cli *cli.Context) error { return c.run(cli, out) },
	}
}

func (c *checking) run(cli *cli.Context, out io.Writer) error {
	if err := app.NoArguments(cli); err != nil {
		return err
	}
	if err := c.calls.check(cli); err != nil {
		return err
	}
	home, err := c.country.Parse()
	if err != nil {
		return err
	}
	var report check.Report
	set, warnings, err := c.automations.Load(home)
	report.File(c.automations.Name(), set, warnings, err)
	report.Country(set, warnings)
	hasOrg := c.crm.URL != "" || c.crm.APIKeyFile != "" || os.Getenv("KUSTOMER_API_KEY") != ""
	if hasOrg && !c.calls.wanted {
		checkOrg(cli.Context, &report, c.crm, set)
	}
	result := checkResult{OK: !report.Fails(), Findings: report.Findings}
	if set != nil {
		if err := c.tryFile(cli, &result, set, home); err != nil {
			return err
		}
	}
	if err := printCheck(out, result, c.asJSON); err != nil {
		return err
	}
	switch {
	case !result.OK:
		return errCheckFailed
	case result.Calls != nil:
		return c.calls.nothingCompared(result.Calls)
	}
	return nil
}

// tryFile tries the file on the sample calls and the real calls that the flags select.
func (c *checking) tryFile(cli *cli.Context, result *checkResult, set *automation.Set, home string) (err error) {
	if err := c.sample(cli, result, check.Sampler{Set: set, Country: home}); err != nil {
		return err
	}
	if c.calls.wanted {
		result.Calls, err = c.calls.compare(cli, set, home)
	}
	return err
}

// sample adds the samples that the flags select.
func (c *checking) sample(cli *cli.Context, result *checkResult, sampler check.Sampler) (err error) {
	calls, err := c.samples.calls(cli, sampler.Set)
	if err != nil || calls == nil {
		return err
	}
	if sampler.Content, err = c.automations.Content(); err != nil {
		return err
	}
	played, marked, err := sampler.Samples(cli.Context, calls)
	if err != nil {
		return err
	}
	result.Samples, result.Unreached, result.Unmatched = played, marked.Unreached(), marked.Unmatched()
	return nil
}

// checkOrg checks the settings of the org and, if they and the file are valid, the org itself.
func checkOrg(ctx context.Context, report *check.Report, crm app.Kustomer, set *automation.Set) {
	client, err := crm.Client(nil)
	switch {
	case err != nil:
		report.Settings(err)
	case set != nil:
		report.Org(ctx, client, set)
	}
}

func printCheck(out io.Writer, result checkResult, asJSON bool) error {
	if asJSON {
		encoder := json.NewEncoder(out)
		encoder.SetIndent("", "  ")
		return encoder.Encode(result)
	}
	for _, finding := range result.Findings {
		printFinding(out, finding)
	}
	for _, sample := range result.Samples {
		if err := printSample(out, sample); err != nil {
			return err
		}
	}
	if result.Samples != nil {
		printUnreached(out, result)
	}
	if result.Calls != nil {
		result.Calls.Print(out)
	}
	return nil
}

func printFinding(out io.Writer, finding check.Finding) {
	fmt.Fprintf(out, "%-8s %s\n", finding.Level, finding.Text)
	for line := range strings.Lines(finding.Excerpt) {
		fmt.Fprintf(out, "%8s   %s\n", "", strings.TrimRight(line, "\n"))
	}
}
