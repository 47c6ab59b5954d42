package call

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// live adds reports at their times and completes every step at once or, while Kustomer is
// down, when it is up again. It returns what the record decided, and when.
func live(t *testing.T, expects Expects, down time.Duration, events ...Event) (decided []string) {
	t.Helper()
	r := &Record{Key: "p", Started: noon, Limits: DefaultLimits}
	for now := noon; now.Before(noon.Add(24 * time.Hour)); {
		var coming time.Time
		for _, e := range events {
			if at := e.ReceivedAt; !at.After(now) {
				r.Add(e, at)
			} else if coming.IsZero() || at.Before(coming) {
				coming = at
			}
		}
		next := r.Next(now)
		switch up := noon.Add(down); {
		case next.Step != nil && now.Before(up):
			now = up
		case next.Step != nil:
			r.Done(*next.Step, Done{Conversation: true, Expects: expects})
			decided = append(decided, now.Sub(noon).String()+" "+next.Step.InWords())
		case next.Wait.For == "":
			return append(decided, now.Sub(noon).String()+" over: "+string(r.Expected().Outcome))
		case !coming.IsZero() && coming.Before(next.Wait.Until):
			now = coming
		default:
			now = next.Wait.Until
		}
	}
	require.Fail(t, "the call never ends")
	return nil
}

var toTheEnd = Expects{Finish: true}

// handedOn ends the caller's leg by a transfer.
var handedOn = with(ends, func(e *Event) { e.Leg.FinishReason = "transferred" })

// agentsLegEnds ends the leg on which an agent talked.
func agentsLegEnds(id string, agent Agent, ended int) Event {
	leg := Leg{ID: id, ParentID: "p", CreatedAt: noon, FinishedAt: at(ended)}
	return Event{Kind: Finished, ReceivedAt: at(ended), Agent: agent, Leg: after(leg, 30, "hangup")}
}

func TestAnsweredCall(t *testing.T) {
	require.Equal(t, []string{
		"0s open the conversation",
		"10s assign the agent, tag and note",
		"1m15s write the outcome",
		"1m15s over: answered",
	}, live(t, toTheEnd, 0, rings, pickUp1, ends))
}

func TestCallIsOverAfterHandOver(t *testing.T) {
	require.Equal(t, []string{"0s open the conversation", "10s assign the agent, tag and note", "10s over: answered"},
		live(t, Expects{}, 0, rings, pickUp1, ends))
}

func TestCallWithLostEventsIsMissed(t *testing.T) {
	require.Equal(t, []string{"0s open the conversation", "1h0m0s write the outcome", "1h0m0s over: missed"}, live(t, toTheEnd, 0, rings))
}

func TestAnsweredCallWithLostEndIsClosed(t *testing.T) {
	require.Equal(t, "9h0m0s over: answered", final(live(t, toTheEnd, 0, rings, pickUp1)))
}

// Everything reported in the meantime is still due, each thing once.
func TestTransferWhileKustomerIsDown(t *testing.T) {
	require.Equal(t, []string{
		"6m0s open the conversation",
		"6m0s assign the agent, tag and note; write the outcome",
		"6m0s over: answered",
	}, live(t, toTheEnd, 6*time.Minute, rings, pickUp1, agentsLegEnds("c-1", amira, 60), handedOn, bridgedAfter(90, ben), agentsLegEnds("c-2", ben, 240)))
}

func TestTransferWaitsForTheNextLeg(t *testing.T) {
	require.Equal(t, "20m15s over: answered", final(live(t, toTheEnd, 0,
		rings, pickUp1, agentsLegEnds("c-1", amira, 60), handedOn, bridgedAfter(90, ben), agentsLegEnds("c-2", ben, 1200))))
}

// Amira's pick-up is reported after she has handed the caller on. She is not the next agent.
func TestDelayedPickUpDoesNotEndATransfer(t *testing.T) {
	delayed := with(pickUp1, func(e *Event) { e.ReceivedAt = at(62) })
	require.Equal(t, []string{
		"0s open the conversation",
		"1m2s assign the agent, tag and note",
		"1m30s assign the agent, tag and note",
		"4m15s write the outcome",
		"4m15s over: answered",
	}, live(t, toTheEnd, 0, rings, agentsLegEnds("c-1", amira, 60), handedOn, delayed, bridgedAfter(90, ben), agentsLegEnds("c-2", ben, 240)))
}

// Ben speaks with Amira before she leaves, and then with the caller for 20 minutes.
func TestWarmTransferLastsUntilTheNextLegEnds(t *testing.T) {
	consulted := bridgedAfter(45, ben)
	events := []Event{rings, pickUp1, agentsLegEnds("c-1", amira, 60), handedOn, consulted, agentsLegEnds("c-2", ben, 1200)}
	require.Equal(t, "20m15s over: answered", final(live(t, toTheEnd, 0, events...)))
}

// A caller waits for 75 minutes while a phone rings every five minutes.
func TestCallIsNotMissedWhileAgentsAreRung(t *testing.T) {
	events := []Event{rings}
	for n := 1; n < 15; n++ {
		leg := Leg{ID: fmt.Sprint("c-", n), ParentID: "p", CreatedAt: at(300 * n), FinishedAt: at(300*n + 20)}
		events = append(events, Event{Kind: Finished, ReceivedAt: at(300*n + 20), Agent: ben, Leg: after(leg, 0, "system-hangup")})
	}
	require.Equal(t, "2h10m20s over: missed", final(live(t, toTheEnd, 0, events...)), "an hour after the last report")
	require.Equal(t, []string{"1h15m0s assign the agent, tag and note", "9h0m0s write the outcome", "9h0m0s over: answered"},
		live(t, toTheEnd, 0, append(events, bridgedAfter(4500, amira))...)[1:])
	handedBack := append([]Event{pickUp1, handedOn}, append(events, bridgedAfter(4500, ben))...)
	require.Contains(t, live(t, toTheEnd, 0, handedBack...), "1h15m0s assign the agent, tag and note", "it waits again after a transfer")
}

func TestTransferToNobodyEndsSoon(t *testing.T) {
	vain := Event{Kind: Finished, ReceivedAt: at(80), Agent: ben, Leg: after(Leg{ID: "c-2", ParentID: "p", CreatedAt: at(62), FinishedAt: at(80)}, 0, "system-hangup")}
	require.Equal(t, "6m20s over: answered", final(live(t, toTheEnd, 0, rings, pickUp1, agentsLegEnds("c-1", amira, 60), handedOn, vain)))
	require.Equal(t, "6m20s over: answered", final(live(t, toTheEnd, 0, rings, handedOn, vain)), "no pick-up was reported")
}

// A report of the log is about the past: the waits go on counting from the last report.
func TestLogDoesNotShortenTheWaits(t *testing.T) {
	r := recordOf(rings, pickUp1)
	r.Opened = &Opened{Conversation: true, Expects: toTheEnd}
	r.Add(bridgedAfter(90, ben), at(90))
	r.Add(agentsLegEnds("c-2", ben, 240), at(240))
	r.AddFromLog(FromLog{Reports: []Event{handedOn}}, at(241))
	require.Equal(t, Wait{WaitsForLateReports, at(255)}, r.untilOver())
}

func TestOpeningWaitsForTheCaller(t *testing.T) {
	attempt := Event{Kind: Finished, ReceivedAt: noon, Leg: Leg{ID: "c", ParentID: "p"}}
	late := with(rings, func(e *Event) { e.ReceivedAt = at(2) })
	require.Equal(t, "2s open the conversation", live(t, toTheEnd, 0, attempt, late, ends)[0])
	require.Equal(t, "5s open the conversation", live(t, toTheEnd, 0, attempt, ends)[0])
}

func TestRecordingsAndWrapUpComeAfterTheOutcome(t *testing.T) {
	recorded := Event{Kind: Recorded, ReceivedAt: at(30), Recording: Recording{ID: "r"}}
	require.Equal(t, []string{
		"1m15s write the outcome; write down a recording",
		"3m0s wrap the call up",
		"16m0s over: answered",
	}, live(t, Expects{Finish: true, Recording: true, WrapUpTime: 2 * time.Minute}, 0, rings, pickUp1, ends, recorded)[2:])
}

func TestEarlierCallsComeLast(t *testing.T) {
	const reached = "take the tag of a lost call from the customer's earlier one"
	events := []Event{rings, pickUp1, bridgedAfter(40, ben), ends}
	require.Equal(t, []string{
		"0s open the conversation",
		"10s assign the agent, tag and note",
		"40s assign the agent, tag and note",
		"1m15s write the outcome",
		"1m15s " + reached,
		"1m15s over: answered",
	}, live(t, Expects{Finish: true, Reached: true}, 0, events...))
	require.Equal(t, []string{"0s open the conversation", "10s assign the agent, tag and note", "10s " + reached, "10s over: answered"},
		live(t, Expects{Reached: true}, 0, events...), "nothing acts on the end")
	reasons := func(reason string) Event { return with(ends, func(e *Event) { e.Leg.FinishReason = reason }) }
	require.Contains(t, live(t, Expects{Finish: true, Reached: true}, 0, rings, reasons("passive-hangup")), "1m15s "+reached, "the legs imply a pick-up")
	require.NotContains(t, live(t, Expects{Finish: true, Reached: true}, 0, rings, reasons("hangup")), "1m15s "+reached, "no agent was reached")
	unknown := func(e Event) Event { return with(e, func(e *Event) { e.Leg.From = "" }) }
	require.NotContains(t, live(t, Expects{Finish: true, Reached: true}, 0, unknown(rings), unknown(pickUp1), unknown(ends)), "1m15s "+reached,
		"it is not known who the customer is")
}

// The only recording of an unanswered call is a voicemail.
func TestWaitsOnlyForPossibleRecordings(t *testing.T) {
	recordings := Expects{Finish: true, Recording: true}
	ended := func(state, reason string) Event {
		return with(ends, func(e *Event) { e.Leg.State, e.Leg.FinishReason = state, reason })
	}
	placed := Event{Kind: Outbound, ReceivedAt: noon, Leg: Leg{ID: "p", Type: "outbound", Source: "api", To: "+493023125042"}}
	notReached := Event{Kind: Finished, ReceivedAt: at(60), Leg: Leg{ID: "p", Type: "outbound", Source: "api", FinishReason: "no-answer"}}
	for want, events := range map[string][]Event{
		"16m0s over: answered":          {rings, pickUp1, ends},
		"3m0s over: abandoned_in_flow":  {rings, ended("", "hangup")},
		"3m0s over: ended_by_flow":      {rings, ended("", "system-hangup")},
		"3m0s over: abandoned_in_queue": {with(rings, func(e *Event) { e.Queue.Name = "Support" }), ended("", "hangup")},
		"1m15s over: failed":            {rings, ended("failed", "")},
		"1m15s over: unreached":         {placed, notReached},
		"1h0m0s over: missed":           {rings},
	} {
		require.Equal(t, want, final(live(t, recordings, 0, events...)))
	}
}

func TestLateVoicemailIsWritten(t *testing.T) {
	hungUp := with(ends, func(e *Event) { e.Leg.FinishReason = "hangup" })
	message := Event{Kind: Recorded, ReceivedAt: at(150), Recording: Recording{ID: "r"}}
	require.Equal(t, []string{"1m15s write the outcome", "2m30s write down a recording", "3m0s over: abandoned_in_flow"},
		live(t, Expects{Finish: true, Recording: true}, 0, rings, hungUp, message)[1:])
}

func TestUnwrittenIsWhatIsStillDue(t *testing.T) {
	after := func(expects Expects, conversation bool, steps int, events ...Event) []Cause {
		r := recordOf(events...)
		for range steps {
			r.Done(*r.Next(at(120)).Step, Done{Conversation: conversation, Expects: expects})
		}
		return r.Unwritten()
	}
	all := Expects{Finish: true, Recording: true, WrapUpTime: time.Minute}
	recorded := Event{Kind: Recorded, Recording: Recording{ID: "r"}}
	require.Equal(t, []Cause{Rang}, after(all, true, 0, rings, pickUp1))
	require.Equal(t, []Cause{Ended}, after(all, true, 1, rings), "no agent has picked up")
	require.Equal(t, []Cause{PickedUp, Ended, RecordingAvailable, WrapUpOver}, after(all, true, 1, rings, pickUp1, recorded))
	require.Equal(t, []Cause{WrapUpOver}, after(Expects{Finish: true, WrapUpTime: time.Hour}, true, 2, rings, pickUp1, ends))
	require.Equal(t, []Cause{PickedUp}, after(Expects{}, true, 1, rings, pickUp1))
	require.Empty(t, after(toTheEnd, true, 2, rings, pickUp1, ends))
	require.Empty(t, after(all, false, 1, rings, pickUp1), "there is no conversation")
}

// A report that arrives during a step is still due after it.
func TestDoneCoversOnlyItsStep(t *testing.T) {
	r := recordOf(rings)
	opening := r.Next(noon).Step
	r.Add(pickUp1, at(10))
	r.Done(*opening, Done{Conversation: true, Expects: toTheEnd})
	handOver := r.Next(at(11)).Step
	require.Equal(t, []Cause{PickedUp}, handOver.Causes)
	r.Add(bridgedAfter(20, ben), at(20))
	r.Done(*handOver, Done{Agents: map[string]Resolved{"bridged": {User: "user-of-amira"}}})
	next := r.Next(at(21)).Step
	require.Equal(t, "bridged-2", next.Is.PickUps[1].Note)
	require.Equal(t, "user-of-amira", next.Was.PickUps[0].User, "asked once, and stored")
}

func TestSkippedStepIsNotDueAgain(t *testing.T) {
	r := recordOf(rings, pickUp1)
	r.Done(*r.Next(noon).Step, Done{Conversation: true, Expects: toTheEnd})
	r.Done(*r.Next(at(10)).Step, Done{Skipped: true})
	require.Equal(t, WaitsForEnd, r.Next(at(11)).Wait.For)
}

// The conversation still has the tag for an agent that Kustomer does not know.
func TestSkippedStepKeepsUnassigned(t *testing.T) {
	r := recordOf(rings, pickUp1)
	r.Done(*r.Next(noon).Step, Done{Conversation: true, Expects: toTheEnd})
	r.Done(*r.Next(at(10)).Step, Done{Agents: map[string]Resolved{"bridged": {Unassigned: true}}})
	r.Add(bridgedAfter(40, ben), at(40))
	r.Done(*r.Next(at(40)).Step, Done{Skipped: true})
	require.True(t, r.Was.IsUnassigned())
}

func TestSkippedStepKeepsUnassignedPlacer(t *testing.T) {
	placed := Event{Kind: Outbound, Leg: Leg{ID: "p", Type: "outbound", Source: "api", To: "+493023125042"}, Agent: Agent{ID: amira.ID}}
	r := recordOf(placed)
	r.Done(*r.Next(noon).Step, Done{Conversation: true, Expects: toTheEnd, Placer: Resolved{Unassigned: true}})
	r.Add(with(placed, func(e *Event) { e.Agent = amira }), at(1))
	r.Done(*r.Next(at(1)).Step, Done{Skipped: true})
	require.True(t, r.Was.IsUnassigned())
}

func TestWithoutAConversationNothingIsDue(t *testing.T) {
	r := recordOf(rings, pickUp1, ends)
	r.Done(*r.Next(noon).Step, Done{Expects: toTheEnd})
	require.Equal(t, Wait{WaitsForLateReports, noon.Add(DefaultLimits.Settle)}, r.Next(noon).Wait)
	require.Equal(t, Next{}, r.Next(at(120)))
}

func TestChangedEndingGetsANewNote(t *testing.T) {
	hungUp := with(ends, func(e *Event) { e.Leg.FinishReason = "hangup" })
	r := recordOf(rings, hungUp)
	r.Done(*r.Next(noon).Step, Done{Conversation: true, Expects: toTheEnd})
	r.Done(*r.Next(at(120)).Step, Done{})
	require.Equal(t, "finished", r.Was.Closing.Note)
	r.Add(pickUp1, at(121))
	correction := r.Next(at(121)).Step
	require.Equal(t, []Cause{PickedUp, Ended}, correction.Causes)
	require.Equal(t, "finished-2", correction.Is.Closing.Note)
	require.Equal(t, AbandonedInFlow, correction.Was.Closing.Facts.Outcome)
	require.Equal(t, Answered, correction.Is.Closing.Facts.Outcome)
}

func TestLateAgentIsAssignedWithoutANote(t *testing.T) {
	for name, first := range map[string]Agent{"no agent was named": {}, "without the Kustomer user": {ID: amira.ID}, "by name only": {Name: amira.Name}} {
		r := recordOf(rings, bridgedAfter(10, first))
		r.Done(*r.Next(noon).Step, Done{Conversation: true, Expects: toTheEnd})
		r.Done(*r.Next(at(10)).Step, Done{Agents: map[string]Resolved{"bridged": {Unassigned: true}}})
		r.Add(bridgedAfter(11, amira), at(11))
		identified := r.Next(at(11)).Step
		require.Equal(t, []Cause{AgentIdentified}, identified.Causes, name)
		require.Equal(t, amira, identified.Is.PickUps[0].Facts.Agent)
		require.True(t, identified.Was.IsUnassigned())
		r.Done(*identified, Done{Agents: map[string]Resolved{"bridged": {User: "user-of-amira"}}})
		require.Equal(t, WaitsForEnd, r.Next(at(12)).Wait.For)
		require.False(t, r.Was.IsUnassigned())
	}
}

// No pick-up is reported, so the agents' legs decide who has the call, also if they arrive late.
func TestLateLegAssignsItsAgent(t *testing.T) {
	bens := agentsLegEnds("c-2", ben, 60)
	bens.Leg.CreatedAt = at(25)
	r := recordOf(rings, ends)
	r.Done(*r.Next(noon).Step, Done{Conversation: true, Expects: toTheEnd})
	closing := r.Next(at(90)).Step
	require.Equal(t, []Cause{PickedUp, Ended}, closing.Causes)
	r.Done(*closing, Done{Agents: map[string]Resolved{impliedNote: {Unassigned: true}}})
	for _, leg := range []Event{agentsLegEnds("c-1", amira, 20), bens} {
		r.Add(leg, at(91))
		step := r.Next(at(91)).Step
		require.Equal(t, []Cause{AgentIdentified}, step.Causes)
		require.Equal(t, leg.Agent, step.Is.Latest().Facts.Agent)
		require.True(t, step.IsToResolve(*step.Is.Latest()))
		r.Done(*step, Done{Agents: map[string]Resolved{impliedNote: {User: leg.Agent.SourceID}}})
		require.Nil(t, r.Next(at(92)).Step)
	}
}

// The legs say that Amira answered. Then her pick-up is reported twice, first without her name.
func TestLatePickUpIsAssignedOnceItIsNamed(t *testing.T) {
	r := recordOf(rings, agentsLegEnds("c-1", amira, 60), ends)
	r.Done(*r.Next(noon).Step, Done{Conversation: true, Expects: toTheEnd})
	r.Done(*r.Next(at(90)).Step, Done{})
	r.Add(bridgedAfter(11, Agent{}), at(91))
	r.Done(*r.Next(at(91)).Step, Done{})
	require.Equal(t, Agent{}, r.Was.holder())
	r.Add(with(pickUp1, func(e *Event) { e.Leg.ID, e.Leg.ParentID = "c-1", "p" }), at(92))
	step := r.Next(at(92)).Step
	require.Equal(t, []Cause{AgentIdentified}, step.Causes)
	require.Equal(t, amira, step.Is.holder())
	require.Len(t, step.Is.PickUps, 2, "what was written stays")
}

func TestLateCustomerGetsTheConversation(t *testing.T) {
	r := recordOf(Event{Kind: Finished, Leg: Leg{ID: "c", ParentID: "p"}})
	r.Done(*r.Next(at(5)).Step, Done{Conversation: true, Expects: toTheEnd})
	r.Add(rings, at(6))
	identified := r.Next(at(6)).Step
	require.Equal(t, []Cause{CustomerIdentified}, identified.Causes)
	require.Equal(t, callersLeg.From, identified.Is.Opening.CustomersNumber())
	r.Done(*identified, Done{})
	require.Equal(t, WaitsForAgent, r.Next(at(7)).Wait.For)
}

func TestLaterPickUpKeepsTheCall(t *testing.T) {
	r := recordOf(rings, bridgedAfter(40, ben), pickUp1)
	r.Done(*r.Next(noon).Step, Done{Conversation: true, Expects: toTheEnd})
	both := r.Next(at(41)).Step
	require.Equal(t, []Cause{PickedUp}, both.Causes)
	require.Len(t, both.NewPickUps(), 2)
	require.Equal(t, ben, both.Is.Latest().Facts.Agent)
}

// Waits after a transferred call count from the end of the last agent's leg.
func TestTransferredCallWrapsUpAtItsEnd(t *testing.T) {
	require.Equal(t, []string{"20m15s write the outcome", "22m0s wrap the call up", "22m0s over: answered"},
		live(t, Expects{Finish: true, WrapUpTime: 2 * time.Minute}, 0, rings, pickUp1, agentsLegEnds("c-1", amira, 60), handedOn, bridgedAfter(90, ben), agentsLegEnds("c-2", ben, 1200))[3:])
}

func TestCallIsNotOverBeforeHandOver(t *testing.T) {
	r := recordOf(rings, pickUp1)
	r.Done(*r.Next(noon).Step, Done{Conversation: true})
	require.False(t, r.HasEnded(at(11)))
	r.Done(*r.Next(at(11)).Step, Done{})
	require.True(t, r.HasEnded(at(11)))
}

func TestLatePickUpHasTheCall(t *testing.T) {
	r := recordOf(rings, pickUp1, ends)
	for _, now := range []time.Time{noon, at(10), at(90)} {
		r.Done(*r.Next(now).Step, Done{Conversation: true, Expects: toTheEnd})
	}
	r.Add(bridgedAfter(50, ben), at(91))
	require.Equal(t, ben, r.Expected().Agent, "although the outcome stays as it was written")
}

func final(decided []string) string { return decided[len(decided)-1] }
