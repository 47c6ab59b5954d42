package main

import (
	"errors"
	"fmt"
	"io"
	"net/url"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/urfave/cli/v2"

	"github.com/callthread/callthread/automation"
	"github.com/callthread/callthread/call"
	"github.com/callthread/callthread/internal/app"
)

// yourHost is printed if the address of the receiver is not set.
const yourHost = "https://<your host>"

// automationsCommand prints what to enter in babelforce.
func automationsCommand(out io.Writer) *cli.Command {
	var (
		automations app.Automations
		base        string
		secretFile  string
		showSecret  bool
		showDefault bool
	)
	return &cli.Command{
		Name:  "automations",
		Usage: "print what to enter on babelforce's page Global automations for this deployment",
		Flags: append(automations.Flags(),
			&cli.StringFlag{Name: "url", EnvVars: []string{"CALLTHREAD_URL"}, Usage: "`URL` at which babelforce reaches the receiver", Value: yourHost, Destination: &base},
			&cli.StringFlag{Name: "webhook-secret-file", EnvVars: []string{"CALLTHREAD_WEBHOOK_SECRET_FILE"}, Usage: "`FILE` with the webhook secret; without it the secret is read from CALLTHREAD_WEBHOOK_SECRET", Destination: &secretFile},
			&cli.BoolFlag{Name: "show-secret", Usage: "print the secret itself, ready to paste", Destination: &showSecret},
			&cli.BoolFlag{Name: "default", Usage: "print the built-in automations file instead, as a start for your own", Destination: &showDefault},
		),
		Action: func(c *cli.Context) error {
			if err := app.NoArguments(c); err != nil {
				return err
			}
			if showDefault {
				_, err := out.Write(automation.DefaultFile)
				return err
			}
			set, _, err := automations.Load("")
			if err != nil {
				return err
			}
			if base != yourHost && !isAddress(base) {
				return errors.New("--url (CALLTHREAD_URL) must be an address such as https://calls.example.com")
			}
			secret := "<webhook secret>"
			if showSecret {
				secrets, err := app.Secret(secretFile, "--webhook-secret-file", "CALLTHREAD_WEBHOOK_SECRET")
				if err != nil {
					return err
				}
				first, _, _ := strings.Cut(secrets, ",")
				if secret = strings.TrimSpace(first); secret == "" {
					return errors.New("no webhook secret to show: set --webhook-secret-file or CALLTHREAD_WEBHOOK_SECRET")
				}
			}
			printAutomations(out, set, strings.TrimRight(base, "/"), secret)
			return nil
		},
	}
}

// isAddress reports whether the paths of the webhooks can be appended to base.
func isAddress(base string) bool {
	address, err := url.Parse(base)
	return err == nil && (address.Scheme == "https" || address.Scheme == "http") && address.Hostname() != "" &&
		address.User == nil && address.RawQuery == "" && address.Fragment == ""
}

// entries contains for each event: babelforce's name for it, the path of its webhook, the buckets
// that it can send (babelforce help, "HTTP request buckets"), and its variables in addition to those
// of all events.
//
// babelforce documents neither the buckets of "Call finished" nor the name of the event of an
// outbound call. "Outbound call" is inferred from "Inbound call".
var entries = map[call.Kind]struct {
	label, event, path, buckets string
	variables                   []string
}{
	call.Inbound:  {"Callthread: it rings", "Inbound call", "call-inbound", "Call", nil},
	call.Outbound: {"Callthread: a call is placed", "Outbound call", "call-outbound", "Call, Agent", []string{"agent.id", "agent.name", "agent.sourceId"}},
	call.Bridged:  {"Callthread: an agent picked up", "Call bridged", "call-bridged", "Call, Agent, Queue", []string{"agent.sourceId"}},
	// The end of each attempt to reach an agent names the agent.
	call.Finished: {"Callthread: it is over", "Call finished", "call-finished", "Call", []string{"agent.id", "agent.name", "queue.name"}},
	call.Recorded: {"Callthread: it was recorded", "Recording finished", "recording-finished", "Call", []string{"recording.id", "recording.url", "recording.duration"}},
}

// essential are the variables without which an event cannot be attributed to its call and its
// customer. babelforce does not document the exact contents of a bucket.
var essential = []string{"call.id", "call.parentId", "call.from", "call.anonymous"}

// legFields distinguish the customer's leg of an outbound call from the agent's leg.
var legFields = []string{"call.to", "call.type", "call.source", "call.domain"}

func printAutomations(out io.Writer, set *automation.Set, base, secret string) {
	fmt.Fprintln(out, "In babelforce, under Integrated processes > Global automations, add:")
	fmt.Fprintln(out, "(The variables are needed if a bucket does not contain these fields. A placeholder that babelforce does not fill counts as absent.)")
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	common := essential
	if set.Handles(call.Outbound) {
		common = slices.Concat(essential, legFields)
	}
	for i, event := range set.Events() {
		entry := entries[event]
		fmt.Fprintf(table, "\n%d.\tLabel\t%s\n", i+1, entry.label)
		fmt.Fprintf(table, "\tEvent\t%s\n", entry.event)
		fmt.Fprintf(table, "\tTrigger\tAlways\t(conditions belong in the automations file)\n")
		fmt.Fprintf(table, "\tAction\tHTTP custom callback, POST\n")
		fmt.Fprintf(table, "\tURL\t%s/webhooks/babelforce/%s\n", base, entry.path)
		fmt.Fprintf(table, "\tHeader\tAuthorization: Bearer %s\n", secret)
		fmt.Fprintf(table, "\tBuckets\t%s\n", entry.buckets)
		for _, field := range slices.Concat(common, entry.variables, set.Fields) {
			fmt.Fprintf(table, "\tVariable\t%s = {%s}\n", field, field)
		}
	}
	_ = table.Flush() // a failed write to stdout cannot be reported
}
