package stories

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/callthread/callthread/automation"
	"github.com/callthread/callthread/call"
)

// times are the fields of a report that contain times and durations.
var times = []string{"call.duration", "call.dateCreated", "call.dateEstablished", "call.dateFinished"}

// A report with fewer fields may make notes shorter, but never different.
func TestNoNoteContainsAValueThatNoReportContained(t *testing.T) {
	for _, s := range everyStory(t) {
		t.Run(s.Title, func(t *testing.T) {
			t.Parallel()
			set := automationsOf(t, s)
			full := s.notes(t, set, func(int, map[string]string) {})
			s.thinned(func(how string, thin func(i int, body map[string]string)) {
				for _, n := range s.notes(t, set, thin) {
					n.requireTrue(t, full, how)
				}
			})
		})
	}
}

// thinned tries the story without each report that others make up for, and without each of its
// times, in each report and in all of them.
func (s story) thinned(try func(how string, thin func(i int, body map[string]string))) {
	for i, lost := range s.Reported() {
		hasLeg := func(e event) bool { return e.Talked > 0 && (e.Of == lost.Agent || e.Of == lost.Of) }
		if lost.Name == "call.bridged" && slices.ContainsFunc(s.Reported(), hasLeg) {
			try(fmt.Sprintf("without report %d", i), func(of int, body map[string]string) {
				if i == of {
					clear(body)
				}
			})
		}
	}
	for i := range len(s.Reported()) + 1 {
		for _, fields := range append([][]string{times}, slices.Collect(slices.Chunk(times, 1))...) {
			try(fmt.Sprintf("report %d without %s", i, fields), func(of int, body map[string]string) {
				if i == of || i == len(s.Reported()) {
					maps.DeleteFunc(body, func(name, _ string) bool { return slices.Contains(fields, name) })
				}
			})
		}
	}
}

// valued is a note by its first line, with the values of the lines that contain a number.
type valued struct {
	first  string
	values map[string]string
}

// requireTrue requires that each value is also in such a note of the whole story, or follows from
// other values: without the agents' legs, the time talked is the rest of the call. Values that the
// whole story does not contain cannot be compared.
func (n valued) requireTrue(t *testing.T, full []valued, how string) {
	t.Helper()
	left := inSeconds(n.values["Total"]) - inSeconds(n.values["Waited"])
	for label, value := range n.values {
		same := slices.DeleteFunc(slices.Clone(full), func(other valued) bool { return other.first != n.first || other.values[label] == "" })
		isTrue := slices.ContainsFunc(same, func(other valued) bool { return other.values[label] == value })
		isLeft := label == "Talked" && n.values["Total"] != "" && n.values["Waited"] != "" && inSeconds(value) == left
		require.True(t, isTrue || isLeft || len(same) == 0, "%s: %s %s is %s, of %v", how, n.first, label, value, same)
	}
}

func inSeconds(words string) time.Duration {
	d, _ := time.ParseDuration(strings.NewReplacer(" min ", "m", " s", "s").Replace(words))
	return d
}

var line = regexp.MustCompile(`^([A-Z][a-z]+): (.*\d.*)$`)

// notes are those that steps write if the call is reported as it happens.
func (s story) notes(t *testing.T, set *automation.Set, thin func(i int, body map[string]string)) (notes []valued) {
	add := func(kind call.Kind, facts call.Facts) {
		change, _ := set.Change(kind, facts)
		first, rest, _ := strings.Cut(change.Note, "\n")
		n := valued{first, make(map[string]string)}
		for text := range strings.Lines(rest) {
			if found := line.FindStringSubmatch(strings.TrimSpace(text)); found != nil {
				n.values[found[1]] = found[2]
			}
		}
		notes = append(notes, n)
	}
	var reports []call.Event
	for i, e := range s.Reported() {
		body := s.Body(e, noon)
		if thin(i, body); len(body) == 0 {
			continue
		}
		reports = append(reports, s.signalOf(t, e, body, noon.Add(e.At)))
	}
	s.steps(reports, func(step call.Step) {
		for _, p := range step.NewPickUps() {
			add(call.Bridged, p.Facts)
		}
		if step.Has(call.Ended) {
			add(call.Finished, step.Is.Closing.Facts)
		}
	})
	return notes
}

// steps does every step of a call that is reported as it happens.
func (s story) steps(reports []call.Event, do func(call.Step)) {
	record := call.Record{Key: callID, Started: reports[0].ReceivedAt, Limits: call.DefaultLimits}
	now := record.Started
	doAll := func() (next call.Next) {
		for next = record.Next(now); next.Step != nil; next = record.Next(now) {
			do(*next.Step)
			record.Done(*next.Step, call.Done{Conversation: true, Expects: call.Expects{Finish: true, Recording: true}})
		}
		return next
	}
	for _, report := range reports {
		now = report.ReceivedAt
		record.Add(report, now)
		doAll()
	}
	for next := doAll(); next.Wait.For != ""; next = doAll() {
		now = next.Wait.Until
	}
}
