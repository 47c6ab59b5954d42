package call

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// closed returns the facts of a call once everything was reported.
func closed(events ...Event) Facts { return recordOf(events...).Expected() }

// An event without a duration does not take the duration of an earlier event.
func TestMissingDurationIsUnknown(t *testing.T) {
	bridged := bridgedAfter(7, amira)
	bare := Event{Kind: Finished, ReceivedAt: at(60), Leg: Leg{ID: "p", FinishReason: "hangup"}}
	for _, order := range permutations([]Event{rings, bridged, bare}) {
		facts := closed(order...)
		require.Equal(t, Summary{WaitSeconds: new(7), Agents: []string{"Amira"}}, facts.Summary)
		require.Nil(t, facts.Leg.Seconds)
		require.Empty(t, facts.Leg.State)
	}
	dated := with(bare, func(e *Event) { e.Leg.FinishedAt = at(55) })
	require.Equal(t, 55, *closed(rings, bridged, dated).Leg.Seconds, "its own date says")
	require.Equal(t, 48, *closed(rings, bridged, dated).Summary.TalkSeconds)
	require.Equal(t, at(55), dated.At())
}

func TestFlowDoesNotAnswerTheCall(t *testing.T) {
	end := with(ends, func(e *Event) { e.Leg.EstablishedAt, e.Leg.FinishedAt = at(1), at(60) })
	require.Equal(t, Summary{}, closed(rings, end).Summary)
	require.Equal(t, Answered, closed(rings, end).Outcome)
}

func TestLegDurationFromItsTimes(t *testing.T) {
	leg := Leg{ID: "c", ParentID: "p", CreatedAt: at(5), EstablishedAt: at(12), FinishedAt: at(40)}
	facts := closed(rings, Event{Kind: Finished, Leg: leg, Agent: amira}, ends)
	require.Equal(t, Summary{WaitSeconds: new(12), TalkSeconds: new(28), Agents: []string{"Amira"}}, facts.Summary)
	require.Equal(t, 28, *recordOf(Event{Kind: Finished, Leg: leg}).Legs()[0].TalkedSeconds)
}

func TestWaitEndsWithTheFirstAgent(t *testing.T) {
	over := ended("passive-hangup", 100)
	over.Bridged = true
	over.Attempts = []Attempt{talked("Amira", 5, 12, 40, "hangup"), talked("Ben", 40, 45, 95, "hangup")}
	require.Equal(t, 12, *over.Summary([]Event{bridgedTo("Ben", 45)}).WaitSeconds)
	require.Equal(t, 10, *over.Summary([]Event{bridgedTo("Amira", 10), bridgedTo("Ben", 45)}).WaitSeconds, "the bridge counts, whose clock is another")
	over.Attempts[0].Leg.EstablishedAt = time.Time{}
	require.Nil(t, over.Summary([]Event{bridgedTo("Ben", 45)}).WaitSeconds, "an earlier leg does not say when")
}

func TestTransferredCallEndsWithItsLastLeg(t *testing.T) {
	over := ended("transferred", 50)
	over.Bridged = true
	bridges := []Event{bridgedTo("Amira", 12), bridgedTo("Ben", 55)}
	over.Attempts = []Attempt{talked("Amira", 5, 12, 50, "hangup")}
	require.Nil(t, over.Total(bridges))
	over.Attempts = append(over.Attempts, talked("Clara", 40, 45, 95, "hangup"))
	require.Nil(t, over.Total(bridges), "it is another agent's leg")
	over.Attempts[1] = talked("Ben", 50, 55, 95, "hangup")
	require.Equal(t, 95, *over.Total(bridges))
	over.Facts.Leg.CreatedAt = over.Facts.Leg.FinishedAt
	require.Nil(t, over.Total(bridges), "when it began is not known")
}

func TestOverlappingTalkIsNotSummed(t *testing.T) {
	over := ended("passive-hangup", 100)
	over.Facts.Leg.Seconds = nil
	over.Attempts = []Attempt{talked("Amira", 0, 10, 100, "hangup"), talked("Ben", 20, 30, 100, "hangup")}
	require.Nil(t, over.Summary(nil).TalkSeconds)
	over.Attempts = over.Attempts[:1]
	require.Equal(t, 90, *over.Summary(nil).TalkSeconds)
}

func TestInferredPickUpHasItsLegsWait(t *testing.T) {
	over := ended("passive-hangup", 100)
	over.Attempts = []Attempt{talked("Amira", 5, 12, 40, "hangup"), talked("Ben", 40, 45, 95, "hangup")}
	answer := over.impliedPickUp()
	require.Equal(t, "Ben", answer.Agent.Name)
	require.Equal(t, 45, *answer.Leg.Seconds)
}
