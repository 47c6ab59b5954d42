package stories

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/callthread/callthread/call"
)

// The record alone, without Temporal and Kustomer, comes to the same end whatever
// the order of the reports, and however often each is repeated in other words. That
// takes microseconds, so here every order is played.
func TestRecordEndsTheSameInEveryOrder(t *testing.T) {
	for _, s := range everyStory(t) {
		t.Run(s.Title, func(t *testing.T) {
			t.Parallel()
			var reports []call.Event
			again := make([][]call.Event, len(otherWords))
			for _, e := range s.heard() {
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

// inOrder puts the first reports in an order.
func inOrder(reports []call.Event, order []int) []call.Event {
	ordered := slices.Clone(reports)
	for i, n := range order {
		ordered[i] = reports[n]
	}
	return ordered
}

// eventsToPermute bounds the orders of a story, in short mode to 120.
func eventsToPermute() int {
	if testing.Short() {
		return min(recordEvents, 5)
	}
	return recordEvents
}

// recordEnd is what a record has come to when the call is over.
type recordEnd struct {
	Facts    call.Facts
	Customer string // to whom the conversation belongs
	// Legs have no order: each is reported by itself.
	Legs []string
	// Notes are the names of those that steps write, sorted: which pick-up has which depends on the order.
	Notes []string
}

// end plays the reports as they arrive late, one shortly after the other, and
// does every step at once.
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

// notesOf are the names of the notes that a step writes.
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

// requireEnd requires what the story says, as far as the record knows it.
func (s story) requireEnd(t *testing.T, end recordEnd) {
	want := s.Becomes.withWhatGoesWithoutSaying(s)
	require.Equal(t, want.Outcome, string(end.Facts.Outcome))
	require.Equal(t, want.Agents, end.Facts.Summary.Agents)
	require.Equal(t, want.LastAgent, strings.TrimPrefix(end.Facts.Agent.ID, idOf("")))
	require.Equal(t, want.Legs, end.Legs)
}

const counter = "call.deliveryAttempt"

// otherWords are the fields that a repeated report contains, by how their names begin:
// those of all buckets, and those that automations with other buckets send.
var otherWords = [][]string{
	{"call.", "agent.", "queue.", "recording."},
	{"call.", "agent.", "recording."},
	{"call.", "queue.", "recording.id"},
	{"call.id", "call.parentId"},
	{"call.id", "call.parentId", "agent.", "recording.url"},
	{"call.id", "call.parentId", "queue.", "recording."},
}

// inOtherWords is the same report in another body: with these fields, under another
// delivery counter, and with another signature in its link.
func (s story) inOtherWords(t *testing.T, e told, fields []string) map[string]string {
	body := s.body(t, e)
	if e.Link != "" {
		body["recording.url"] += "?signature=2"
		fields = append(slices.Clip(fields), "recording.") // which nothing else identifies
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
