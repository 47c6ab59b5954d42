package call

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func at(seconds int) time.Time { return noon.Add(time.Duration(seconds) * time.Second) }

// talked returns an agent's leg that began to ring, was picked up and ended at these seconds.
func talked(name string, rang, pickedUp, ended int, reason string) Attempt {
	return Attempt{Agent: Agent{Name: name}, Leg: Leg{
		ID: name, ParentID: "p", CreatedAt: at(rang), EstablishedAt: at(pickedUp), FinishedAt: at(ended),
		Seconds: new(ended - pickedUp), FinishReason: reason,
	}}
}

func bridgedTo(name string, second int) Event {
	return Event{Kind: Bridged, Agent: Agent{ID: name, Name: name}, Leg: Leg{ID: "p", CreatedAt: noon, Seconds: new(second)}}
}

func ended(reason string, total int) Over {
	return Over{Ended: true, Facts: Facts{Key: "p", Leg: Leg{ID: "p", CreatedAt: noon, Seconds: new(total), FinishReason: reason}}}
}

func TestTransferredCallSummaryInAnyOrder(t *testing.T) {
	over := ended("passive-hangup", 100)
	over.Bridged = true
	ben, amira := talked("Ben", 40, 45, 95, "passive-hangup"), talked("Amira", 5, 12, 40, "hangup")
	want := Summary{WaitSeconds: new(12), TalkSeconds: new(78), Agents: []string{"Amira", "Ben"}, EndedBy: "caller"}
	over.Attempts = []Attempt{ben, amira}
	require.Equal(t, want, over.Summary([]Event{bridgedTo("Ben", 45), bridgedTo("Amira", 12)}))
	over.Attempts = []Attempt{amira, ben}
	require.Equal(t, want, over.Summary([]Event{bridgedTo("Amira", 12), bridgedTo("Ben", 45)}))
}

func TestSummaryWithoutTheAgentsLegs(t *testing.T) {
	over := ended("passive-hangup", 100)
	over.Bridged = true
	require.Equal(t, Summary{WaitSeconds: new(12), TalkSeconds: new(88), Agents: []string{"Amira"}}, over.Summary([]Event{bridgedTo("Amira", 12)}))
}

func TestSummaryWithoutABridge(t *testing.T) {
	over := ended("passive-hangup", 100)
	over.Attempts = []Attempt{talked("Amira", 5, 12, 90, "hangup")}
	require.Equal(t, Summary{WaitSeconds: new(12), TalkSeconds: new(78), Agents: []string{"Amira"}, EndedBy: "agent"}, over.Summary(nil))
}

func TestTalkIsAtMostTheCallsLength(t *testing.T) {
	over := ended("passive-hangup", 100)
	over.Attempts = []Attempt{talked("Amira", 0, 10, 100, "hangup"), talked("Ben", 20, 30, 100, "hangup")}
	require.Equal(t, 90, *over.Summary(nil).TalkSeconds)
}

func TestSummaryOfAnUnansweredCall(t *testing.T) {
	require.Equal(t, Summary{WaitSeconds: new(50), EndedBy: "caller"}, ended("hangup", 50).Summary(nil))
	require.Equal(t, Summary{WaitSeconds: new(50), EndedBy: "flow"}, ended("system-hangup", 50).Summary(nil))
}

func TestSummaryOmitsUnknownValues(t *testing.T) {
	require.Zero(t, Over{Facts: Facts{Leg: Leg{Seconds: new(7)}}, Bridged: true}.Summary([]Event{{Kind: Bridged}}))
}

func TestRangUntilPickUpOrEnd(t *testing.T) {
	for want, attempt := range map[int]Attempt{
		7:  talked("Amira", 5, 12, 40, "hangup"),
		15: {Leg: Leg{CreatedAt: at(5), FinishedAt: at(20), Seconds: new(0)}},
	} {
		rang, known := attempt.Rang()
		require.True(t, known)
		require.Equal(t, want, rang)
	}
	for _, attempt := range []Attempt{{}, {Leg: Leg{CreatedAt: at(5)}}, {Leg: Leg{FinishedAt: at(5)}}, {Leg: Leg{CreatedAt: at(5), FinishedAt: at(4)}}} {
		_, known := attempt.Rang()
		require.False(t, known)
	}
}

func TestRequeuedCallIsNotEndedByItsAgent(t *testing.T) {
	over := ended("hangup", 100)
	rangInVain := Attempt{Leg: Leg{ID: "c2", ParentID: "p", CreatedAt: at(50), FinishedAt: at(65), Seconds: new(0)}}
	over.Attempts = []Attempt{talked("Amira", 5, 12, 40, "hangup"), rangInVain}
	require.Equal(t, "caller", over.Summary(nil).EndedBy)
}

func TestSummaryOfAnOutboundCall(t *testing.T) {
	customers := Leg{ID: "c", ParentID: "p", Domain: "external", CreatedAt: at(5), EstablishedAt: at(15), FinishedAt: at(75), Seconds: new(60), FinishReason: "hangup"}
	over := Over{Ended: true, Bridged: true, Facts: Facts{Key: "p", Outgoing: true, Leg: customers}}
	over.Attempts = []Attempt{{Leg: customers}}
	bridge := Event{Kind: Bridged, Agent: Agent{ID: "a", Name: "Amira"}, Leg: Leg{ID: "p", Domain: "internal", Seconds: new(15)}}
	require.Equal(t, Summary{WaitSeconds: new(10), TalkSeconds: new(60), Agents: []string{"Amira"}}, over.Summary([]Event{bridge}))
}

func TestLastQueueIsTheAnswersOrALaterOne(t *testing.T) {
	support, billing := Queue{Name: "Support"}, Queue{Name: "Billing"}
	unanswered := func(queue Queue, rang int) Attempt {
		return Attempt{Queue: queue, Leg: Leg{ID: queue.Name, ParentID: "p", CreatedAt: at(rang), FinishedAt: at(rang + 10), Seconds: new(0)}}
	}
	amira := talked("Amira", 20, 25, 40, "hangup")
	answered := Facts{Key: "p", Queue: support, Leg: Leg{ID: "p"}}
	for name, tc := range map[string]struct {
		over Over
		want Queue
	}{
		"answered":                            {Over{Facts: answered, Bridged: true, Attempts: []Attempt{unanswered(billing, 5), amira}}, support},
		"answered, agent's leg not reported":  {Over{Facts: answered, Bridged: true, Attempts: []Attempt{unanswered(billing, 5)}}, support},
		"answered, then another queue":        {Over{Facts: answered, Bridged: true, Attempts: []Attempt{unanswered(billing, 50), amira}}, billing},
		"no agent picked up in either":        {Over{Attempts: []Attempt{unanswered(billing, 50), unanswered(support, 5)}}, billing},
		"no agent was rung, the end names it": {Over{Queue: billing}, billing},
		"nothing names it":                    {Over{}, Queue{}},
		"the attempts do not, the end does":   {Over{Queue: billing, Attempts: []Attempt{unanswered(Queue{}, 5)}}, billing},
	} {
		require.Equal(t, tc.want, tc.over.LastQueue(), name)
	}
}
