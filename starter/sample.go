package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/callthread/callthread/automation"
	"github.com/callthread/callthread/internal/check"
	"github.com/callthread/callthread/internal/storyfile"
	"github.com/callthread/callthread/internal/trial"
)

// samples contains the flags of sample calls.
type samples struct {
	usual   bool
	own     check.Call
	fields  cli.StringSlice
	stories string
}

func (s *samples) flags() []cli.Flag {
	return []cli.Flag{
		&cli.BoolFlag{Name: "sample", Usage: "show what each event of a few made-up calls would write; the flags below describe your own calls", Destination: &s.usual},
		&cli.StringFlag{Name: "from", Usage: "sample a call of this customer's `NUMBER`, or \"withheld\"", Destination: &s.own.From},
		&cli.StringFlag{Name: "to", Usage: "sample a call to this `NUMBER` of yours", Destination: &s.own.To},
		&cli.DurationFlag{Name: "waited", Usage: "sample a call in which an agent picks up after a `TIME` such as 70s, or no agent does", Destination: &s.own.Waited},
		&cli.StringFlag{Name: "queue", Usage: "sample a call that waits in the queue of this `NAME`", Destination: &s.own.Queue},
		&cli.StringFlag{Name: "agent", Usage: "sample a call that the agent of this `NAME` or e-mail address takes", Destination: &s.own.Agent},
		&cli.StringSliceFlag{Name: "field", Usage: "sample a call whose webhooks have a field of babelforce or of the call flow: `NAME=VALUE`; may be repeated", Destination: &s.fields},
		&cli.StringFlag{Name: "stories", Usage: "sample the calls of a `FILE`, in the format of testsuite/stories/README.md", Destination: &s.stories},
	}
}

// isOwn reports whether any flag describes a call.
func (s *samples) isOwn(c *cli.Context) bool {
	for _, name := range []string{"from", "to", "waited", "queue", "agent", "field"} {
		if c.IsSet(name) {
			return true
		}
	}
	return false
}

// calls returns the sample calls that the flags select, nil if there are none.
func (s *samples) calls(c *cli.Context, set *automation.Set) (calls []storyfile.Story, err error) {
	if s.isOwn(c) {
		if err := s.readOwn(); err != nil {
			return nil, err
		}
		calls = s.own.Stories(set)
	}
	if s.stories != "" {
		content, err := os.ReadFile(s.stories)
		if err != nil {
			return nil, fmt.Errorf("--stories: %w", err)
		}
		stories, err := storyfile.Read(s.stories, content)
		if err != nil {
			return nil, fmt.Errorf("--stories: %w", err)
		}
		calls = append(calls, stories...)
	}
	if s.usual && calls == nil {
		calls = check.UsualCalls(set)
	}
	return calls, nil
}

func (s *samples) readOwn() error {
	if s.own.Waited < 0 {
		return errors.New("--waited must not be negative")
	}
	s.own.Fields = make(map[string]string)
	for _, field := range s.fields.Value() {
		name, value, isPair := strings.Cut(field, "=")
		if !isPair || name == "" {
			return fmt.Errorf("--field %q: write name=value", field)
		}
		s.own.Fields[name] = value
	}
	return nil
}

func printSample(out io.Writer, sample check.Sample) error {
	fmt.Fprintf(out, "\nSample call, %s:\n", sample.Call)
	switch { // headings without requests would look like a mistake
	case sample.Ignored:
		fmt.Fprintln(out, "  no conversation, because `ignore:` in the automations file names the number")
		sample.Events = nil
	case !sample.Writes():
		fmt.Fprintln(out, "  no automation opens a conversation for this call")
		sample.Events = nil
	}
	for _, event := range sample.Events {
		if err := printWritten(out, event); err != nil {
			return err
		}
	}
	for _, text := range sample.NotUsed {
		fmt.Fprintf(out, "  not used: %s\n", text)
	}
	return nil
}

func printWritten(out io.Writer, event check.Written) error {
	if len(event.Requests) == 0 {
		fmt.Fprintf(out, "  %s: nothing is written\n", event.Event)
	} else {
		fmt.Fprintf(out, "  %s, written at %s\n", event.Event, event.At)
	}
	for _, request := range event.Requests {
		fmt.Fprintf(out, "    %s %s\n", request.Method, request.Path)
		if len(request.Body) > 0 {
			body, err := json.MarshalIndent(request.Body, "      ", "  ")
			if err != nil {
				return err
			}
			fmt.Fprintf(out, "      %s\n", body)
		}
	}
	for _, warning := range event.Warnings {
		fmt.Fprintf(out, "    %-8s %s\n", check.Warning, warning)
	}
	return nil
}

// printUnreached lists the automations that act on no sample call, and the entries of "ignore" that
// match none.
func printUnreached(out io.Writer, result checkResult) {
	if len(result.Unreached) == 0 {
		fmt.Fprintln(out, "\nEvery automation acts on one of these calls.")
	} else {
		fmt.Fprintln(out, "\nAutomations that act on none of these calls:")
	}
	for _, a := range result.Unreached {
		fmt.Fprintf(out, "  %s\n", a)
	}
	if len(result.Unmatched) > 0 {
		fmt.Fprintf(out, "Entries of \"ignore\" that match none of these calls, at %s\n", trial.Positions(result.Unmatched))
	}
	if len(result.Unreached)+len(result.Unmatched) > 0 {
		fmt.Fprintln(out, "Try them with --from, --to, --waited, --queue, --agent, --field or --stories.")
	}
}
