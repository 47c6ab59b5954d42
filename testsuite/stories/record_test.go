package stories

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/callthread/callthread/call"
	"github.com/callthread/callthread/internal/storyfile"
)

// The record alone, without Temporal and Kustomer, must end the same for every order of the reports
// and every repetition. This takes microseconds, so every order is played.
func TestRecordEndsTheSameInEveryOrder(t *testing.T) {
	for _, s := range everyStory(t) {
		t.Run(s.Title, func(t *testing.T) {
			t.Parallel()
			var reports []call.Event
			again := make([][]call.Event, len(otherWords))
			for _, e := range s.Reported() {
				reports = append(reports, s.signal(t, e, noon))
				for i, how := range otherWords {
					again[i] = append(again[i], s.signalOf(t, e, s.inOtherWords(t, e, how), noon))
				}
			}
			want := s.end(reports, nil)
			s.requireEnd(t, want)
			for n, order := range permutations(min(len(reports), eventsToPermute())) {
				if reports[order[0]].Kind == call.Recorded {
					continue // the receiver starts no call with it
				}
				shuffled := inOrder(reports, order)
				require.Equal(t, want, s.end(shuffled, nil), "in the order %v", order)
				how := n % len(otherWords)
				require.Equal(t, want, s.end(shuffled, inOrder(again[how], order)), "each again with %s, in the order %v", otherWords[how], order)
			}
		})
	}
}

// inOrder sorts the first reports into the given order.
func inOrder(reports []call.Event, order []int) []call.Event {
	ordered := slices.Clone(reports)
	for i, n := range order {
		ordered[i] = reports[n]
	}
	return ordered
}

// eventsToPermute limits the orders of a story, in short mode to 120.
func eventsToPermute() int {
	if testing.Short() {
		return min(recordEvents, 5)
	}
	return recordEvents
}

// recordEnd is the content of a record when the call is over.
type recordEnd struct {
	Facts    call.Facts
	Customer string // who owns the conversation
	// Legs have no order, because each is reported separately.
	Legs []string
	// Notes are the sorted names of the notes that steps write. Which pick-up has which name
	// depends on the order.
	Notes []string
}

// end plays the reports as if they arrive late, one shortly after the other, and does every step at
// once.
func (s story) end(reports, again []call.Event) (end recordEnd) {
	now := s.over()
	record := call.Record{Key: callID, Started: now, Limits: call.DefaultLimits}
	steps := func() (next call.Next) {
		for next = record.Next(now); next.Step != nil; next = record.Next(now) {
			end.Notes = append(end.Notes, notesOf(*next.Step)...)
			record.Done(*next.Step, call.Done{Conversation: true, Expects: call.Expects{Finish: true, Recording: true}})
		}
		return next
	}
	for i, report := range reports {
		report.ReceivedAt = now
		record.Add(report, now)
		steps()
		if again != nil {
			again[i].ReceivedAt = now.Add(echo)
			record.Add(again[i], now)
			steps()
		}
		now = now.Add(apart)
	}
	for next := steps(); next.Wait.For != ""; next = steps() {
		now = next.Wait.Until
	}
	end.Facts, end.Customer = withoutCounter(record.Expected()), record.Was.Opening.CustomersNumber()
	for _, leg := range record.Legs() {
		end.Legs = append(end.Legs, inWords(leg))
	}
	slices.Sort(end.Legs)
	slices.Sort(end.Notes)
	return end
}

// notesOf returns the names of the notes that a step writes.
func notesOf(step call.Step) (names []string) {
	for _, p := range step.NewPickUps() {
		names = append(names, p.Note)
	}
	if step.Has(call.Ended) {
		names = append(names, step.Is.Closing.Note)
	}
	for _, recording := range step.Is.Recordings[len(step.Was.Recordings):] {
		names = append(names, recording.Note)
	}
	return names
}

// requireEnd compares a record with the part of the story's result that a record contains.
func (s story) requireEnd(t *testing.T, end recordEnd) {
	want := s.Becomes.withWhatGoesWithoutSaying(s)
	require.Equal(t, want.Outcome, string(end.Facts.Outcome))
	require.Equal(t, want.Agents, end.Facts.Summary.Agents)
	require.Equal(t, want.LastAgent, strings.TrimPrefix(end.Facts.Agent.ID, storyfile.AgentID("")))
	require.Equal(t, want.Legs, end.Legs)
}

const counter = "call.deliveryAttempt"

// otherWords are the fields of a repeated report by the beginnings of their names: the fields of
// all buckets, and those that automations with other buckets send.
var otherWords = [][]string{
	{"call.", "agent.", "queue.", "recording."},
	{"call.", "agent.", "recording."},
	{"call.", "queue.", "recording.id"},
	{"call.id", "call.parentId"},
	{"call.id", "call.parentId", "agent.", "recording.url"},
	{"call.id", "call.parentId", "queue.", "recording."},
}

// inOtherWords is the same report with another body: these fields, another delivery counter, and
// another signature in its link.
func (s story) inOtherWords(t *testing.T, e event, fields []string) map[string]string {
	body := s.Body(e, noon)
	if e.Link != "" {
		body["recording.url"] += "?signature=2"
		fields = append(slices.Clip(fields), "recording.") // nothing else identifies the recording
	}
	maps.DeleteFunc(body, func(name, _ string) bool {
		return !slices.ContainsFunc(fields, func(beginning string) bool { return strings.HasPrefix(name, beginning) })
	})
	body[counter] = "2"
	return body
}

func withoutCounter(facts call.Facts) call.Facts {
	facts.Extra = maps.Clone(facts.Extra)
	delete(facts.Extra, counter)
	if len(facts.Extra) == 0 {
		facts.Extra = nil
	}
	return facts
}
