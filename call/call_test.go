package call

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

var noon = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)

func TestKeyIsTheParentLeg(t *testing.T) {
	require.Equal(t, "p", Leg{ID: "p"}.Key())
	require.Equal(t, "p", Leg{ID: "c", ParentID: "p"}.Key())
}

func TestChildLegsAreRecognised(t *testing.T) {
	for name, tc := range map[string]struct {
		leg  Leg
		want bool
	}{
		"caller":                      {Leg{ID: "p", Type: "inbound", Source: "queue", Domain: "external"}, false},
		"caller naming itself parent": {Leg{ID: "p", ParentID: "p"}, false},
		"agent attempt":               {Leg{ID: "c", ParentID: "p", Type: "outbound", Source: "queue", Domain: "internal"}, true},
		"attempt without its parent":  {Leg{ID: "c", Type: "outbound", Source: "queue", Domain: "internal"}, true},
		"transfer leg":                {Leg{ID: "c", ParentID: "p", Source: "transfer"}, true},
		"outbound consumer leg":       {Leg{ID: "p", Type: "outbound", Source: "api", Domain: "external"}, false},
	} {
		require.Equal(t, tc.want, tc.leg.IsChild(), name)
	}
}

func TestCallsThatAgentsPlaceAreOutgoing(t *testing.T) {
	for name, tc := range map[string]struct {
		leg  Leg
		want bool
	}{
		"caller":                  {Leg{Type: "inbound", Source: "queue", Domain: "external"}, false},
		"attempt to reach agents": {Leg{Type: "outbound", Source: "queue", Domain: "internal"}, false},
		"transfer":                {Leg{Type: "outbound", Source: "transfer", Domain: "internal"}, false},
		"click to call":           {Leg{Type: "outbound", Source: "api", Domain: "internal"}, true},
		"browser phone":           {Leg{Type: "outbound", Source: "webrtc", Domain: "external"}, true},
		"dialer":                  {Leg{Type: "outbound", Source: "dialer", Domain: "external"}, true},
	} {
		require.Equal(t, tc.want, tc.leg.IsOutgoing(), name)
	}
}

func TestBridgeTellsOnlyItsOwnWait(t *testing.T) {
	facts := Facts{Key: "p"}.Learn(Event{Kind: Finished, Leg: Leg{ID: "p", Seconds: new(95)}})
	onChild := Event{Kind: Bridged, Leg: Leg{ID: "c", ParentID: "p", Seconds: new(3)}}
	require.Nil(t, facts.AsOf(onChild).Leg.Seconds)
}

func TestAgentsDetailsAddUp(t *testing.T) {
	full := Event{Kind: Bridged, Agent: Agent{ID: "7", Name: "Amira", SourceID: "user"}}
	bare := Event{Kind: Bridged, Agent: Agent{ID: "7"}}
	other := Event{Kind: Bridged, Agent: Agent{ID: "8"}}
	require.Equal(t, full.Agent, Facts{}.Learn(full).Learn(bare).Agent)
	require.Equal(t, Agent{ID: "8"}, Facts{}.Learn(full).Learn(other).Agent)
}

func TestFactsDoNotDependOnTheOrderOfEvents(t *testing.T) {
	inbound := Event{Kind: Inbound, Leg: Leg{ID: "p", From: "a", To: "b", State: "ringing", CreatedAt: noon}}
	bridged := Event{Kind: Bridged, Leg: Leg{ID: "p", State: "bridged", Seconds: new(7)}, Agent: Agent{ID: "4711"}, Queue: Queue{Name: "Support"}}
	finished := Event{Kind: Finished, Leg: Leg{ID: "p", State: "completed", FinishReason: "passive-hangup", Seconds: new(42)}}
	attempt := Event{Kind: Finished, Leg: Leg{ID: "c", ParentID: "p", From: "x", To: "y", Seconds: new(99)}, Agent: Agent{ID: "missed it"}}

	orders := [][]Event{
		{inbound, bridged, attempt, finished}, {finished, attempt, bridged, inbound},
		{bridged, finished, inbound, attempt}, {attempt, inbound, finished, bridged},
	}
	var want Facts
	for i, order := range orders {
		facts := Facts{Key: "p"}
		for _, e := range order {
			facts = facts.Learn(e)
		}
		if i == 0 {
			want = facts
			require.Equal(t, 42, *facts.Leg.Seconds)
			require.Equal(t, "completed", facts.Leg.State)
			require.Equal(t, "a", facts.Leg.From)
			require.Equal(t, "4711", facts.Agent.ID)
		}
		require.Equal(t, want, facts, "order %d", i)
	}
}

func TestAnEventKeepsItsOwnDurationWhenItWasOvertaken(t *testing.T) {
	finished := Event{Kind: Finished, Leg: Leg{ID: "p", From: "a", Seconds: new(42)}}
	bridged := Event{Kind: Bridged, Leg: Leg{ID: "p", Seconds: new(7)}}
	facts := Facts{Key: "p"}.Learn(finished).Learn(bridged)
	require.Equal(t, 42, *facts.Leg.Seconds)
	require.Equal(t, 7, *facts.AsOf(bridged).Leg.Seconds)
	require.Equal(t, "a", facts.AsOf(bridged).Leg.From)
}

func TestExtraFieldsAddUpAndNeverChangeEarlierFacts(t *testing.T) {
	before := Facts{Extra: map[string]string{"shop": "berlin"}}
	after := before.Learn(Event{Extra: map[string]string{"vip": "true"}})
	require.Equal(t, map[string]string{"shop": "berlin", "vip": "true"}, after.Extra)
	require.Equal(t, map[string]string{"shop": "berlin"}, before.Extra)
}

func TestEventTimeIsTheCallsOwnWhereItTells(t *testing.T) {
	e := Event{ReceivedAt: noon.Add(time.Hour), Leg: Leg{CreatedAt: noon, Seconds: new(7)}}
	require.Equal(t, noon.Add(7*time.Second), e.At())
	e.Leg.Seconds = nil
	require.Equal(t, noon.Add(time.Hour), e.At())
}

func TestAbsentFactsTakeNoRoomInHistory(t *testing.T) {
	text, err := json.Marshal(Facts{Key: "p", Leg: Leg{ID: "p"}})
	require.NoError(t, err)
	require.JSONEq(t, `{"key":"p","leg":{"id":"p"}}`, string(text))
}

func TestTheCustomerOfACallThatWasPlacedIsTheOneCalled(t *testing.T) {
	agents := Leg{ID: "p", Type: "outbound", Source: "api", Domain: "internal", From: "+493023125000", To: "+493023125010", Seconds: new(50)}
	customers := Leg{ID: "c", ParentID: "p", Type: "outbound", Source: "api", Domain: "external", From: "+493023125000", To: "+493023125042", Seconds: new(40)}
	reversed := func(leg Leg) Leg {
		leg.ID, leg.ParentID = map[string]string{"p": "c", "c": "p"}[leg.ID], map[string]string{"p": "p"}[leg.ID]
		return leg
	}
	for _, legs := range [][]Leg{{agents, customers}, {customers, agents}, {reversed(agents), reversed(customers)}, {reversed(customers), reversed(agents)}} {
		facts := Facts{Key: "p"}
		for _, leg := range legs {
			facts = facts.Learn(Event{Kind: Outbound, Leg: leg})
		}
		require.True(t, facts.Outgoing)
		require.Equal(t, "+493023125042", facts.CustomersNumber())
		require.Equal(t, 40, *facts.Leg.Seconds)
	}
	facts := Facts{Key: "p"}.Learn(Event{Kind: Outbound, Leg: agents})
	require.False(t, facts.KnowsCustomer(), "the agent's number is not the customer's")
}

func TestTheCustomerOfACallThatCameInIsTheCaller(t *testing.T) {
	facts := Facts{Key: "p"}
	require.False(t, facts.KnowsCustomer())
	facts = facts.Learn(Event{Kind: Inbound, Leg: Leg{ID: "p", From: "+493023125042", To: "+493023125000"}})
	require.Equal(t, "+493023125042", facts.CustomersNumber())
	facts = facts.Learn(Event{Kind: Inbound, Leg: Leg{ID: "p", Anonymous: true}})
	require.Empty(t, facts.CustomersNumber())
	require.True(t, facts.KnowsCustomer(), "it is known that the number is withheld")
}

func TestALegThatTheFlowPlacesForACallerDoesNotTurnTheCallAround(t *testing.T) {
	came := Event{Kind: Inbound, Leg: Leg{ID: "p", Type: "inbound", From: "+493023125042"}}
	for _, source := range []string{"dial", "webrtc", "api"} {
		placed := Event{Kind: Finished, Leg: Leg{ID: "c", ParentID: "p", Type: "outbound", Source: source, Domain: "external", To: "+493023125099"}}
		for _, order := range [][]Event{{came, placed}, {placed, came}} {
			facts := Facts{Key: "p"}
			for _, e := range order {
				facts = facts.Learn(e)
			}
			require.False(t, facts.Outgoing, source)
			require.Equal(t, "+493023125042", facts.CustomersNumber(), source)
		}
	}
}

func TestWhatWasToldLastCountsWhateverCameFirst(t *testing.T) {
	ringing := Event{Kind: Inbound, ReceivedAt: noon.Add(time.Hour), Leg: Leg{ID: "p", CreatedAt: noon}, Extra: map[string]string{"app.choice": "none"}}
	ended := Event{Kind: Finished, Leg: Leg{ID: "p", CreatedAt: noon, Seconds: new(30)}, Extra: map[string]string{"app.choice": "billing"}}
	for _, order := range [][]Event{{ringing, ended}, {ended, ringing}} {
		facts := Facts{Key: "p"}.Learn(order[0]).Learn(order[1])
		require.Equal(t, "billing", facts.Extra["app.choice"])
		require.Equal(t, "none", facts.AsOf(ringing).Extra["app.choice"], "an event's own fields win")
	}
}

func TestABridgeThatNamesNobodyIsWithTheAgentWhoPlacedTheCall(t *testing.T) {
	amira := Agent{ID: "7", Name: "Amira"}
	facts := Facts{Key: "p"}.Learn(Event{Kind: Outbound, Leg: Leg{ID: "p", Type: "outbound", Source: "api"}, Agent: amira})
	require.Equal(t, amira, facts.Learn(Event{Kind: Bridged, Leg: Leg{ID: "p"}}).Agent)
}
