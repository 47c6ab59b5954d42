package call

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// parent returns the facts of a call whose parent leg ended for a reason.
func parent(reason string) Facts {
	return Facts{Key: "p", Leg: Leg{ID: "p", FinishReason: reason, Seconds: new(95)}}
}

func TestEachOutcomeHasItsRow(t *testing.T) {
	unanswered := []Attempt{{Leg: Leg{ID: "c1", Seconds: new(0)}}, {Leg: Leg{ID: "c2"}}}
	lasted := append(unanswered, Attempt{Leg: Leg{ID: "c3", Seconds: new(30)}})
	queued := func(f Facts) Facts { f.Queued = true; return f }
	late := func(f Facts) Facts { f.Extra = map[string]string{AfterHoursField: "true"}; return f }
	placed := func(leg Leg) Facts { return Facts{Key: "p", Outgoing: true, Leg: leg} }

	for name, tc := range map[string]struct {
		over Over
		want Outcome
	}{
		"a bridge was announced":                       {Over{Facts: parent("hangup"), Bridged: true, Ended: true}, Answered},
		"a bridge was announced, the end was not":      {Over{Facts: parent(""), Bridged: true}, Answered},
		"the caller's leg ended as those do":           {Over{Facts: parent("passive-hangup"), Ended: true}, Answered},
		"the call was transferred":                     {Over{Facts: parent("transferred"), Ended: true}, Answered},
		"an attempt lasted":                            {Over{Facts: parent("hangup"), Attempts: lasted, Ended: true}, Answered},
		"after hours, an agent on duty picked up":      {Over{Facts: late(parent("hangup")), Bridged: true, Ended: true}, Answered},
		"after hours, the caller hung up":              {Over{Facts: late(parent("hangup")), Ended: true}, AfterHours},
		"after hours, the flow hung up":                {Over{Facts: late(parent("system-hangup")), Ended: true}, AfterHours},
		"the caller hung up while agents rang":         {Over{Facts: queued(parent("hangup")), Attempts: unanswered, Ended: true}, AbandonedInQueue},
		"the caller hung up, nothing tells of a queue": {Over{Facts: parent("hangup"), Ended: true}, AbandonedInFlow},
		"the queue gave up":                            {Over{Facts: queued(parent("system-hangup")), Attempts: unanswered, Ended: true}, NoAgent},
		"the flow ended it":                            {Over{Facts: parent("system-hangup"), Ended: true}, EndedByFlow},
		"it failed":                                    {Over{Facts: queued(parent("failed")), Ended: true}, Failed},
		"its state is failed":                          {Over{Facts: Facts{Leg: Leg{State: "failed"}}, Ended: true}, Failed},
		"never reported again":                         {Over{Facts: queued(parent(""))}, Missed},
		"a provider's own reason is not relied on":     {Over{Facts: parent("busy"), Ended: true}, EndedByFlow},
		"nor is it in the queue":                       {Over{Facts: queued(parent("no-answer")), Ended: true}, NoAgent},
		"placed, the customer picked up":               {Over{Facts: placed(Leg{FinishReason: "hangup"}), Bridged: true, Ended: true}, Answered},
		"placed, the customer's leg lasted":            {Over{Facts: placed(Leg{ID: "c", ParentID: "p", Seconds: new(40)}), Ended: true}, Answered},
		"placed, the customer's leg was established":   {Over{Facts: placed(Leg{ID: "p", EstablishedAt: noon}), Ended: true}, Answered},
		"placed, only the agent's leg lasted":          {Over{Facts: placed(Leg{ID: "p", Seconds: new(20)}), Attempts: lasted, Ended: true}, Unreached},
		"outbound, no answer":                          {Over{Facts: placed(Leg{FinishReason: "no-answer"}), Ended: true}, Unreached},
	} {
		require.Equal(t, tc.want, tc.over.Outcome(), name)
	}
}

func TestOutcomesAreUniqueAndHaveWords(t *testing.T) {
	all := []Outcome{Answered, AfterHours, Failed, Missed, Unreached, AbandonedInQueue, AbandonedInFlow, NoAgent, EndedByFlow}
	require.Equal(t, all, Outcomes())
	for _, outcome := range all {
		require.NotEmpty(t, outcome.InWords())
	}
}

func TestFlowDecidesAfterHours(t *testing.T) {
	for said, want := range map[string]bool{"": false, "false": false, "0": false, "true": true, "1": true, "closed": true} {
		require.Equal(t, want, Facts{Extra: map[string]string{AfterHoursField: said}}.isAfterHours(), "%q", said)
	}
}

func TestWhatProvesAQueue(t *testing.T) {
	for name, tc := range map[string]struct {
		event Event
		want  bool
	}{
		"an agent was rung":       {Event{Kind: Finished, Leg: Leg{ID: "c", ParentID: "p", Source: "queue"}}, true},
		"it says so itself":       {Event{Kind: Inbound, Leg: Leg{ID: "p", State: "queued"}}, true},
		"a queue is named":        {Event{Kind: Finished, Leg: Leg{ID: "p"}, Queue: Queue{Name: "Support"}}, true},
		"the caller's leg alone":  {Event{Kind: Inbound, Leg: Leg{ID: "p", Source: "queue", State: "ringing"}}, false},
		"forwarded out of a flow": {Event{Kind: Finished, Leg: Leg{ID: "c", ParentID: "p", Source: "dial"}}, false},
		"a call that was placed":  {Event{Kind: Outbound, Leg: Leg{ID: "c", ParentID: "p"}}, false},
	} {
		require.Equal(t, tc.want, factsOf(tc.event).Queued, name)
	}
}
