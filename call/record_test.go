package call

import (
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// The reports of call p: Amira picks up after 10 s, and the call ends after a minute.
var (
	callersLeg = Leg{ID: "p", Type: "inbound", Source: "queue", Domain: "external", From: "+493023125042", CreatedAt: noon}
	amira      = Agent{ID: "7", Name: "Amira", SourceID: "user-of-amira"}
	ben        = Agent{ID: "8", Name: "Ben", SourceID: "user-of-ben"}

	rings   = Event{Kind: Inbound, ReceivedAt: noon, Leg: callersLeg}
	pickUp1 = bridgedAfter(10, amira)
	ends    = Event{Kind: Finished, ReceivedAt: at(60), Leg: after(callersLeg, 60, "passive-hangup")}
)

func after(leg Leg, seconds int, reason string) Leg {
	leg.Seconds, leg.FinishReason = &seconds, reason
	return leg
}

func bridgedAfter(seconds int, agent Agent) Event {
	return Event{Kind: Bridged, ReceivedAt: at(seconds), Leg: after(callersLeg, seconds, ""), Agent: agent}
}

func with(e Event, change func(*Event)) Event {
	change(&e)
	return e
}

func TestRepeatedReportCountsOnce(t *testing.T) {
	childEnds := Event{Kind: Finished, Leg: after(Leg{ID: "c", ParentID: "p", CreatedAt: noon}, 50, "hangup"), Agent: amira}
	recorded := Event{Kind: Recorded, Leg: Leg{ID: "p"}, Recording: Recording{ID: "r", URL: "https://recordings.example.com/r?signature=1"}}
	for name, tc := range map[string]struct {
		first  Event
		second func(*Event)
	}{
		"a counter in the ring":            {rings, func(e *Event) { e.Extra = map[string]string{"attempt": "2"} }},
		"a counter in the pick-up":         {pickUp1, func(e *Event) { e.Extra = map[string]string{"attempt": "2"} }},
		"a pick-up without its agent":      {pickUp1, func(e *Event) { e.Agent = Agent{} }},
		"a pick-up reported 1 s later":     {pickUp1, func(e *Event) { e.Leg = after(callersLeg, 11, "") }},
		"a pick-up without any time":       {pickUp1, func(e *Event) { e.Leg = Leg{ID: "p"}; e.ReceivedAt = at(300) }},
		"a pick-up without agent and time": {pickUp1, func(e *Event) { e.Agent, e.Leg, e.ReceivedAt = Agent{}, Leg{ID: "p"}, at(300) }},
		"the end of an agent's leg":        {childEnds, func(e *Event) { e.Extra = map[string]string{"attempt": "2"} }},
		"the end with another queue":       {ends, func(e *Event) { e.Queue = Queue{Name: "Support"} }},
		"another signature in the link":    {recorded, func(e *Event) { e.Recording.URL = "https://recordings.example.com/r?signature=2" }},
		"a recording by id, then by link":  {recorded, func(e *Event) { e.Recording.ID = "" }},
		"a recording without an id, twice": {with(recorded, func(e *Event) { e.Recording.ID = "" }), func(e *Event) { e.Recording.URL += "2" }},
	} {
		second := with(tc.first, tc.second)
		require.Len(t, recordOf(tc.first, second).Reports, 1, name)
		require.LessOrEqual(t, len(recordOf(second, tc.first).pickUps()), 1, name)
	}
}

func TestDistinctReportsAreKept(t *testing.T) {
	for name, pair := range map[string][2]Event{
		"two agents":                {pickUp1, bridgedAfter(11, ben)},
		"an agent who gets it back": {pickUp1, bridgedAfter(50, amira)},
		"a pick-up on another leg":  {pickUp1, with(pickUp1, func(e *Event) { e.Leg.ID, e.Leg.ParentID = "c", "p" })},
		"the end of another leg":    {ends, with(ends, func(e *Event) { e.Leg.ID, e.Leg.ParentID = "c", "p" })},
		"a second recording":        {{Kind: Recorded, Recording: Recording{ID: "1"}}, {Kind: Recorded, Recording: Recording{ID: "2"}}},
		"the ring of the other leg": {{Kind: Outbound, Leg: Leg{ID: "p"}}, {Kind: Outbound, Leg: Leg{ID: "c", ParentID: "p"}}},
		"no agent, much later":      {bridgedAfter(10, Agent{}), bridgedAfter(50, Agent{})},
		"a ring and a placed call":  {{Kind: Inbound, Leg: Leg{ID: "p"}}, {Kind: Outbound, Leg: Leg{ID: "p"}}},
		"recordings by address":     {{Kind: Recorded, Recording: Recording{URL: "https://r/1"}}, {Kind: Recorded, Recording: Recording{URL: "https://r/2"}}},
	} {
		require.Len(t, recordOf(pair[0], pair[1]).Reports, 2, name)
	}
}

func TestSecondReportAddsMissingFields(t *testing.T) {
	bare := with(ends, func(e *Event) { e.Leg.Seconds = nil })
	full := with(ends, func(e *Event) { e.Queue, e.Leg.FinishReason = Queue{Name: "Support"}, "another" })
	r := recordOf(bare, full)
	require.Equal(t, 60, *r.Reports[0].Leg.Seconds)
	require.Equal(t, "Support", r.Reports[0].Queue.Name)
	require.Equal(t, "passive-hangup", r.Reports[0].Leg.FinishReason, "the first report wins")
	require.Equal(t, bare.ReceivedAt, r.Reports[0].ReceivedAt)
}

func TestReportKeepsIgnoredFields(t *testing.T) {
	first := with(ends, func(e *Event) { e.Ignored = []string{"call.duration"} })
	second := with(ends, func(e *Event) { e.Ignored = []string{"call.duration", "other"} })
	r := recordOf(first, second)
	require.Equal(t, []string{"call.duration", "other"}, r.Reports[0].Ignored)
	require.Equal(t, []string{"call.duration"}, first.Ignored)
	require.Equal(t, "call ended (passive-hangup); could not read call.duration, other", r.Log()[0].Text)
	for n := range 2 * maxIgnored {
		r.Add(with(ends, func(e *Event) { e.Ignored = []string{fmt.Sprint("own.", n)} }), noon)
	}
	require.Len(t, r.Reports[0].Ignored, maxIgnored)
}

func TestAddReportsWhatIsNew(t *testing.T) {
	r := &Record{Key: "p", Started: noon, Limits: DefaultLimits}
	require.True(t, r.Add(pickUp1, noon))
	require.False(t, r.Add(pickUp1, noon))
	require.True(t, r.Add(with(pickUp1, func(e *Event) { e.Queue.Name = "Support" }), noon))
}

func TestPickUpsAreNamedInOrder(t *testing.T) {
	r := recordOf(bridgedAfter(40, ben), pickUp1, bridgedAfter(50, amira))
	var names []string
	for _, p := range r.pickUps() {
		names = append(names, p.note)
	}
	require.Equal(t, []string{"bridged", "bridged-2", "bridged-3"}, names)
}

// Both legs may report a pick-up, each by its own clock, and so may two automations.
func TestNearReportsAreOnePickUp(t *testing.T) {
	onChild := Event{Kind: Bridged, ReceivedAt: at(12), Leg: Leg{ID: "c", ParentID: "p", EstablishedAt: at(12)}, Agent: amira}
	unnamed := bridgedAfter(11, Agent{})
	for _, order := range permutations([]Event{pickUp1, onChild, unnamed}) {
		r := recordOf(order...)
		require.Len(t, r.pickUps(), 1)
		require.Equal(t, amira, r.pickUps()[0].event.Agent)
	}
}

func TestAgentPicksUpAgain(t *testing.T) {
	timeless := with(pickUp1, func(e *Event) { e.Leg = Leg{ID: "p"} })
	require.Len(t, recordOf(timeless, bridgedAfter(40, ben), bridgedAfter(50, amira)).pickUps(), 3)
	require.Len(t, recordOf(pickUp1, bridgedAfter(40, ben), timeless).pickUps(), 2, "a late report of the first")
}

func TestPickUpInBetweenSplitsAnother(t *testing.T) {
	for _, order := range permutations([]Event{pickUp1, bridgedAfter(30, ben), bridgedAfter(50, amira)}) {
		require.Len(t, recordOf(order...).pickUps(), 3)
	}
}

// A second report tells that the first was about another agent's pick-up.
func TestRepetitionThatBecomesAPickUp(t *testing.T) {
	bare := Event{Kind: Bridged, ReceivedAt: at(11), Leg: Leg{ID: "c", ParentID: "p"}}
	full := with(bare, func(e *Event) { e.Agent, e.Leg.EstablishedAt = ben, at(40) })
	for _, order := range permutations([]Event{pickUp1, bare, full}) {
		r := recordOf(order...)
		require.Len(t, r.pickUps(), 2)
		require.Equal(t, ben, r.Facts().Agent)
	}
}

// The caller's leg says how long the caller waited, and each automation sends its own fields.
func TestPickUpOfTwoLegsIsTheSameInAnyOrder(t *testing.T) {
	onCallers := with(pickUp1, func(e *Event) { e.Extra = map[string]string{"app.brand": "shoes"} })
	onAgents := Event{Kind: Bridged, ReceivedAt: at(12), Leg: Leg{ID: "c", ParentID: "p", EstablishedAt: at(12)}, Agent: amira, Extra: map[string]string{"app.skill": "german"}}
	for _, order := range permutations([]Event{rings, onCallers, onAgents, ends}) {
		r := recordOf(order...)
		pickUp := r.pickUps()[0]
		facts := r.asOf(r.Facts(), pickUp.event)
		require.Equal(t, at(10), pickUp.at())
		require.Equal(t, 10, *facts.Leg.Seconds)
		require.Equal(t, map[string]string{"app.brand": "shoes", "app.skill": "german"}, facts.Extra)
		require.Equal(t, 10, *r.Expected().Summary.WaitSeconds)
	}
}

func TestLegsBeyondTheLimitAreCounted(t *testing.T) {
	r := recordOf(rings)
	for i := range maxLegs + 3 {
		r.Add(Event{Kind: Finished, Leg: Leg{ID: fmt.Sprint("c-", i), ParentID: "p"}}, noon)
	}
	require.Len(t, r.Legs(), maxLegs)
	require.Equal(t, 3, r.More)
	require.Contains(t, r.Log()[len(r.Log())-1].Text, "3 more reports")
	require.True(t, r.Add(ends, noon), "the end of the call is never left out")
}

func TestEveryKindOfReportHasALimit(t *testing.T) {
	for _, kind := range Kinds {
		r := &Record{Key: "p"}
		for i := range maxReports[kind] + 3 {
			id := fmt.Sprint("c-", i)
			r.Add(Event{Kind: kind, Leg: Leg{ID: id, ParentID: "p"}, Recording: Recording{ID: id}}, noon)
		}
		require.Len(t, r.Reports, maxReports[kind], kind)
		require.Equal(t, 3, r.More, kind)
	}
	r := &Record{Key: "p"}
	for i := range maxLegs {
		r.Add(Event{Kind: Outbound, Leg: Leg{ID: fmt.Sprint("c-", i), ParentID: "p"}}, noon)
	}
	require.True(t, r.Add(Event{Kind: Outbound, Leg: Leg{ID: "p"}}, noon), "the caller's own leg is never left out")
}

// A record has no unexported state: a decoded copy decides the same.
func TestRecordSurvivesEncoding(t *testing.T) {
	r := recordOf(rings, pickUp1)
	r.Done(*r.Next(noon).Step, Done{Conversation: true, Expects: Expects{Finish: true}})
	text, err := json.Marshal(r)
	require.NoError(t, err)
	var restored Record
	require.NoError(t, json.Unmarshal(text, &restored))
	require.Equal(t, r.Next(at(10)), restored.Next(at(10)))
}

func TestLogIsInOrderOfTime(t *testing.T) {
	late := with(pickUp1, func(e *Event) { e.ReceivedAt = at(400) })
	r := recordOf(ends, rings, late)
	r.Entries = []Entry{{at(5), "conversation opened"}, {at(401), "conversation handed over"}}
	var lines []string
	for _, entry := range r.Log() {
		lines = append(lines, entry.At.Sub(noon).String()+" "+entry.Text)
	}
	require.Equal(t, []string{
		"0s ringing", "5s conversation opened", "10s answered by agent 7 (reported at 12:06:40)",
		"1m0s call ended (passive-hangup)", "6m41s conversation handed over",
	}, lines)
}

// An agent's leg lasts from when it was established, not from its ring.
func TestLogShowsWhenALegEnded(t *testing.T) {
	leg := Leg{ID: "c", ParentID: "p", CreatedAt: at(3), EstablishedAt: at(10)}
	r := recordOf(Event{Kind: Finished, ReceivedAt: at(100), Leg: after(leg, 50, "hangup"), Agent: amira})
	require.Equal(t, at(60), r.Log()[0].At)
}

func TestLogCorrectsAFastClock(t *testing.T) {
	early := with(rings, func(e *Event) { e.Leg.CreatedAt = at(20) })
	require.Equal(t, noon, recordOf(early).Log()[0].At)
}

// permutations returns all orders of a few events.
func permutations(events []Event) (all [][]Event) {
	if len(events) < 2 {
		return [][]Event{events}
	}
	for i, first := range events {
		rest := append(append([]Event{}, events[:i]...), events[i+1:]...)
		for _, order := range permutations(rest) {
			all = append(all, append([]Event{first}, order...))
		}
	}
	return all
}

func BenchmarkNext(b *testing.B) {
	r := recordOf(rings, pickUp1, ends)
	r.Done(*r.Next(noon).Step, Done{Conversation: true, Expects: Expects{Finish: true}})
	b.ReportAllocs()
	for b.Loop() {
		r.Next(at(60).Add(time.Second))
	}
}
