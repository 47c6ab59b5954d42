package call

import (
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// The call log's reports of call p. They contain the agent's leg, on which Amira picked up.
var (
	amirasLeg = Leg{ID: "c", ParentID: "p", Type: "outbound", Source: "queue", Domain: "internal", CreatedAt: at(3), EstablishedAt: at(10), FinishedAt: at(60)}

	logRings  = Event{Kind: Inbound, ReceivedAt: at(1800), Leg: callersLeg}
	logPickUp = Event{Kind: Bridged, ReceivedAt: at(1800), Leg: amirasLeg, Agent: Agent{ID: "7", Name: "Amira", Email: "amira@example.com"}}
	logLeaves = Event{Kind: Finished, ReceivedAt: at(1800), Leg: after(amirasLeg, 50, "hangup"), Agent: amira}
	logEnds   = Event{Kind: Finished, ReceivedAt: at(1800), Leg: with(ends, func(e *Event) { e.Leg.FinishedAt = at(60) }).Leg}
	wholeLog  = FromLog{Reports: []Event{logRings, logPickUp, logLeaves, logEnds}}
)

// webhooks are the reports of the same call. The pick-up may be on either leg, and seconds
// apart from its time in the log.
var webhooks = map[string]Event{
	"the ring": rings, "the end": ends, "the end of the agent's leg": with(logLeaves, func(e *Event) { e.ReceivedAt = at(61) }),
	"a pick-up on the caller's leg":              pickUp1,
	"a pick-up on the caller's leg, earlier":     bridgedAfter(2, amira),
	"a pick-up on the caller's leg, later":       bridgedAfter(35, amira),
	"a pick-up on the agent's leg":               with(logPickUp, func(e *Event) { e.ReceivedAt, e.Agent = at(10), amira }),
	"a pick-up on the agent's leg, later":        with(logPickUp, func(e *Event) { e.Leg.EstablishedAt, e.Agent = at(17), amira }),
	"a pick-up of an agent who is known by name": with(pickUp1, func(e *Event) { e.Agent = Agent{Name: "Amira"} }),
}

func TestLogAndLateWebhookAreOneReport(t *testing.T) {
	for name, webhook := range webhooks {
		for order, add := range map[string]func(r *Record){
			"before": func(r *Record) { r.Add(webhook, at(2000)); r.AddFromLog(wholeLog, at(2000)) },
			"after":  func(r *Record) { r.AddFromLog(wholeLog, at(2000)); r.Add(webhook, at(2000)) },
			"hours later": func(r *Record) {
				r.AddFromLog(wholeLog, at(2000))
				r.Add(with(webhook, func(e *Event) { e.ReceivedAt = at(9000) }), at(9000))
			},
		} {
			r := &Record{Key: "p", Started: noon}
			add(r)
			require.Len(t, r.pickUps(), 1, "%s, %s", name, order)
			ended := 0
			for _, report := range r.Reports {
				if report.Kind == Finished {
					ended++
				}
			}
			require.Equal(t, 2, ended, "%s, %s", name, order)
			require.Equal(t, 1, r.count(Inbound), "%s, %s", name, order)
			require.Equal(t, "amira@example.com", r.pickUps()[0].event.Agent.Email, "%s, %s: what the log knows besides is added", name, order)
		}
	}
}

func TestLogKeepsTwoPickUpsOfOneAgent(t *testing.T) {
	again := with(logPickUp, func(e *Event) {
		e.Leg.ID, e.Leg.CreatedAt, e.Leg.EstablishedAt = "c2", at(45), at(50)
	})
	r := recordOf(pickUp1, bridgedAfter(30, ben), bridgedAfter(51, amira))
	r.AddFromLog(FromLog{Reports: []Event{logPickUp, again}}, at(2000))
	require.Len(t, r.pickUps(), 3)
	r = &Record{Key: "p"}
	r.AddFromLog(FromLog{Reports: []Event{logPickUp, with(logPickUp, func(e *Event) { e.Leg.ID, e.Agent, e.Leg.EstablishedAt = "c3", ben, at(30) }), again}}, at(2000))
	require.Len(t, r.pickUps(), 3)
}

// The log's clock is seconds off, and another agent has picked up in between.
func TestLogPickUpMatchesByAgent(t *testing.T) {
	amirasInLog := with(logPickUp, func(e *Event) { e.Leg.EstablishedAt = at(14) })
	bensInLog := with(logPickUp, func(e *Event) { e.Leg.ID, e.Agent, e.Leg.EstablishedAt = "c2", ben, at(13) })
	r := recordOf(pickUp1, bridgedAfter(12, ben))
	r.AddFromLog(FromLog{Reports: []Event{amirasInLog, bensInLog}}, at(2000))
	require.Len(t, r.pickUps(), 2)
	r = &Record{Key: "p"}
	r.AddFromLog(FromLog{Reports: []Event{amirasInLog, bensInLog}}, at(2000))
	r.Add(pickUp1, at(2000))
	r.Add(bridgedAfter(12, ben), at(2000))
	require.Len(t, r.pickUps(), 2)
}

// The row of the caller's leg names one of the call's agents, but not which pick-up it means.
func TestCallersRowNamesTheOnlyAgent(t *testing.T) {
	timeless := Event{Kind: Bridged, ReceivedAt: at(1800), Leg: callersLeg, Agent: ben}
	r := &Record{Key: "p"}
	r.AddFromLog(FromLog{Reports: []Event{logRings, timeless}}, at(2000))
	require.Len(t, r.pickUps(), 1)
	require.Equal(t, ben, r.Facts().Agent)

	r = recordOf(rings, pickUp1)
	r.AddFromLog(FromLog{Reports: []Event{logRings, timeless}}, at(2000))
	require.Len(t, r.pickUps(), 1)
	require.Equal(t, amira, r.Facts().Agent)
}

func TestWebhookFieldsOverrideTheLog(t *testing.T) {
	other := with(logRings, func(e *Event) { e.Leg.From, e.Leg.To = "+493023125099", "+493023125001" })
	for _, add := range []func(r *Record){
		func(r *Record) { r.Add(rings, noon); r.AddFromLog(FromLog{Reports: []Event{other}}, at(2000)) },
		func(r *Record) { r.AddFromLog(FromLog{Reports: []Event{other}}, at(2000)); r.Add(rings, at(2000)) },
		func(r *Record) { r.Add(ends, noon); r.AddFromLog(FromLog{Reports: []Event{other}}, at(2000)) },
		func(r *Record) { r.AddFromLog(FromLog{Reports: []Event{other}}, at(2000)); r.Add(ends, at(2000)) },
	} {
		r := &Record{Key: "p"}
		add(r)
		require.Equal(t, rings.Leg.From, r.Facts().Leg.From)
		require.Equal(t, other.Leg.To, r.Facts().Leg.To, "the log fills what is missing")
	}
}

func TestLateWebhookKeepsItsOwnFields(t *testing.T) {
	vip := with(ends, func(e *Event) { e.Extra = map[string]string{"app.vip": "true"} })
	r := &Record{Key: "p"}
	r.AddFromLog(wholeLog, at(2000))
	r.Add(vip, at(2000))
	require.Equal(t, "true", r.Facts().Extra["app.vip"])
}

func TestCallFromTheLogIsOverAtOnce(t *testing.T) {
	r := &Record{Key: "p", Started: at(180), Limits: DefaultLimits}
	r.AddFromLog(wholeLog, at(180))
	open := r.Next(at(180)).Step
	require.Equal(t, []Cause{Rang}, open.Causes)
	require.Equal(t, &Added{At: at(180), Whole: true}, open.Is.Added)
	r.Done(*open, Done{Conversation: true, Expects: Expects{Finish: true, Recording: true, WrapUpTime: time.Minute}})

	update := r.Next(at(181)).Step
	require.Equal(t, []Cause{PickedUp, Ended, WrapUpOver}, update.Causes, "all that is due is one step")
	require.Equal(t, Answered, update.Is.Closing.Facts.Outcome)
	require.Equal(t, 10, *update.Is.Closing.Facts.Summary.WaitSeconds)
	require.Zero(t, update.NewPickUps()[0].ReceivedAt, "no agent waits for it")
	r.Done(*update, Done{})
	require.Equal(t, Wait{WaitsForRecordings, at(60).Add(DefaultLimits.Recording)}, r.Next(at(182)).Wait, "it counts from the end, not from the repair")
	require.Zero(t, r.Next(at(60).Add(DefaultLimits.Recording)))
}

func TestTransferredCallFromTheLogIsOverAtOnce(t *testing.T) {
	handedOn := with(logEnds, func(e *Event) { e.Leg.FinishReason = "transferred" })
	r := &Record{Key: "p", Started: at(1800), Limits: DefaultLimits}
	r.AddFromLog(FromLog{Reports: []Event{logRings, logPickUp, logLeaves, handedOn}}, at(1800))
	r.Done(*r.Next(at(1800)).Step, Done{Conversation: true, Expects: toTheEnd})
	require.Equal(t, []Cause{PickedUp, Ended}, r.Next(at(1801)).Step.Causes)
}

func TestFactsContainWhenTheLogAdded(t *testing.T) {
	r := recordOf(rings)
	r.Opened = &Opened{Conversation: true, Expects: Expects{Finish: true}}
	r.Limits = DefaultLimits
	r.AddFromLog(FromLog{Reports: []Event{logPickUp, logEnds}}, at(1800))
	is := r.story(at(1800))
	require.Nil(t, is.Added, "a webhook has reported the call")
	require.Zero(t, is.Opening.AddedAt)
	require.Equal(t, at(1800), is.PickUps[0].Facts.AddedAt)
	require.Equal(t, at(1800), is.Closing.Facts.AddedAt)
}

func TestLacksWhatChangesTheConversation(t *testing.T) {
	closed := func(reports ...Event) Record {
		r := *recordOf(reports...)
		r.Limits, r.Opened = DefaultLimits, &Opened{Conversation: true, Expects: Expects{Finish: true}}
		r.Was = r.story(at(7200))
		return r
	}
	for name, tc := range map[string]struct {
		closed Record
		lacks  bool
	}{
		"all of it":               {closed(rings, pickUp1, ends), false},
		"the pick-up":             {closed(rings, with(ends, func(e *Event) { e.Leg.FinishReason = "hangup" })), true},
		"a second one":            {closed(rings, bridgedAfter(100, ben), ends), true},
		"the end of a leg":        {closed(rings, pickUp1, ends), false},
		"an end, and its outcome": {closed(rings), true},
	} {
		before := slices.Clone(tc.closed.Reports)
		require.Equal(t, tc.lacks, tc.closed.Lacks(wholeLog, at(7200)), name)
		require.Equal(t, before, tc.closed.Reports, "%s: it only looks", name)
	}
	unwanted := closed(rings)
	unwanted.Opened.Conversation = false
	require.False(t, unwanted.Lacks(wholeLog, at(7200)))
}

// The end of the agent's leg says who answered; the log then has the pick-up itself.
func TestInferredPickUpMatchesTheLog(t *testing.T) {
	r := recordOf(rings, logLeaves, ends)
	r.Opened = &Opened{Conversation: true, Expects: Expects{Finish: true}}
	r.Was = r.story(at(7200))
	require.Equal(t, "answered", r.Was.PickUps[0].Note)
	r.AddFromLog(FromLog{Reports: []Event{with(logPickUp, func(e *Event) {
		e.Leg.ID, e.Leg.EstablishedAt, e.Agent = "c0", at(5), ben
	}), logPickUp}}, at(7200))
	step := r.step(r.story(at(7200)))
	require.Equal(t, []Cause{PickedUp}, step.Causes)
	require.Len(t, step.NewPickUps(), 1)
	require.Equal(t, ben.ID, step.NewPickUps()[0].Facts.Agent.ID, "Amira's is written")
	require.Equal(t, "7", step.Is.Latest().Facts.Agent.ID, "who has the call in the end")
	r.Done(*step, Done{})
	require.Nil(t, r.step(r.story(at(7200))))
}

func TestLogsQueueCorrectsTheOutcome(t *testing.T) {
	r := recordOf(rings, with(ends, func(e *Event) { e.Leg.FinishReason = "hangup" }))
	r.Opened = &Opened{Conversation: true, Expects: Expects{Finish: true}}
	r.Was = r.story(at(7200))
	require.Equal(t, AbandonedInFlow, r.Was.Closing.Facts.Outcome)
	attempt := with(logLeaves, func(e *Event) {
		e.Leg = after(Leg{ID: "c", ParentID: "p", Type: "outbound", Source: "queue", Domain: "internal", CreatedAt: at(3)}, 0, "unreachable")
	})
	r.AddFromLog(FromLog{Reports: []Event{attempt}}, at(7200))
	step := r.step(r.story(at(7200)))
	require.Equal(t, []Cause{Ended}, step.Causes)
	require.Equal(t, AbandonedInQueue, step.Is.Closing.Facts.Outcome)
}
