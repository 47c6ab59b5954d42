package call

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// recordOf returns a record with the events added in this order.
func recordOf(events ...Event) *Record {
	r := &Record{Key: "p", Started: noon, Limits: DefaultLimits}
	for _, e := range events {
		r.Add(e, noon)
	}
	return r
}

func factsOf(events ...Event) Facts { return recordOf(events...).Facts() }

func TestBridgeHasOnlyItsOwnWait(t *testing.T) {
	onChild := Event{Kind: Bridged, Leg: Leg{ID: "c", ParentID: "p", Seconds: new(3)}}
	r := recordOf(Event{Kind: Finished, Leg: Leg{ID: "p", Seconds: new(95)}}, onChild)
	require.Nil(t, r.asOf(r.Facts(), onChild).Leg.Seconds)
}

func TestAgentDetailsAreMerged(t *testing.T) {
	full := Event{Kind: Bridged, Agent: Agent{ID: "7", Name: "Amira", SourceID: "user"}}
	bare := Event{Kind: Bridged, Agent: Agent{ID: "7"}, ReceivedAt: noon}
	other := Event{Kind: Bridged, Agent: Agent{ID: "8"}, ReceivedAt: noon}
	require.Equal(t, full.Agent, factsOf(full, bare).Agent)
	require.Equal(t, Agent{ID: "8"}, factsOf(full, other).Agent)
}

func TestFactsIgnoreTheOrderOfEvents(t *testing.T) {
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
		facts := factsOf(order...)
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

func TestLateEventKeepsItsDuration(t *testing.T) {
	finished := Event{Kind: Finished, Leg: Leg{ID: "p", From: "a", Seconds: new(42)}}
	bridged := Event{Kind: Bridged, Leg: Leg{ID: "p", Seconds: new(7)}}
	r := recordOf(finished, bridged)
	require.Equal(t, 42, *r.Facts().Leg.Seconds)
	require.Equal(t, 7, *r.asOf(r.Facts(), bridged).Leg.Seconds)
	require.Equal(t, "a", r.asOf(r.Facts(), bridged).Leg.From)
}

func TestEventLacksLaterFields(t *testing.T) {
	bridged := Event{Kind: Bridged, Leg: Leg{ID: "p", CreatedAt: noon, Seconds: new(7)}, Extra: map[string]string{"shop": "berlin"}}
	finished := Event{Kind: Finished, Leg: Leg{ID: "p", CreatedAt: noon, Seconds: new(42), FinishReason: "hangup"}, Extra: map[string]string{"vip": "true"}}
	r := recordOf(finished, bridged)
	require.Equal(t, map[string]string{"shop": "berlin", "vip": "true"}, r.Facts().Extra)
	then := r.asOf(r.Facts(), bridged)
	require.Equal(t, map[string]string{"shop": "berlin"}, then.Extra)
	require.Empty(t, then.Leg.FinishReason)
}

func TestEventUsesItsOwnTime(t *testing.T) {
	e := Event{ReceivedAt: noon.Add(time.Hour), Leg: Leg{CreatedAt: noon, Seconds: new(7)}}
	require.Equal(t, noon.Add(7*time.Second), e.At())
	e.Leg.Seconds = nil
	require.Equal(t, noon.Add(time.Hour), e.At())
}

func TestAbsentFactsAreNotEncoded(t *testing.T) {
	text, err := json.Marshal(Facts{Key: "p", Leg: Leg{ID: "p"}})
	require.NoError(t, err)
	require.JSONEq(t, `{"key":"p","leg":{"id":"p"}}`, string(text))
}

func TestOutboundCustomerIsTheCalledParty(t *testing.T) {
	agents := Leg{ID: "p", Type: "outbound", Source: "api", Domain: "internal", From: "+493023125000", To: "+493023125010", Seconds: new(50)}
	customers := Leg{ID: "c", ParentID: "p", Type: "outbound", Source: "api", Domain: "external", From: "+493023125000", To: "+493023125042", Seconds: new(40)}
	reversed := func(leg Leg) Leg {
		leg.ID, leg.ParentID = map[string]string{"p": "c", "c": "p"}[leg.ID], map[string]string{"p": "p"}[leg.ID]
		return leg
	}
	for _, legs := range [][]Leg{{agents, customers}, {customers, agents}, {reversed(agents), reversed(customers)}, {reversed(customers), reversed(agents)}} {
		facts := factsOf(Event{Kind: Finished, Leg: legs[0]}, Event{Kind: Finished, Leg: legs[1]})
		require.True(t, facts.Outgoing)
		require.Equal(t, "+493023125042", facts.CustomersNumber())
		require.Equal(t, 40, *facts.Leg.Seconds)
	}
	facts := factsOf(Event{Kind: Outbound, Leg: agents})
	require.False(t, facts.KnowsCustomer(), "the agent's number is not the customer's")
}

func TestInboundCustomerIsTheCaller(t *testing.T) {
	require.False(t, factsOf().KnowsCustomer())
	rings := Event{Kind: Inbound, Leg: Leg{ID: "p", From: "+493023125042", To: "+493023125000"}}
	require.Equal(t, "+493023125042", factsOf(rings).CustomersNumber())
	facts := factsOf(rings, Event{Kind: Inbound, Leg: Leg{ID: "p", Anonymous: true}})
	require.Empty(t, facts.CustomersNumber())
	require.True(t, facts.KnowsCustomer(), "it is known that the number is withheld")
}

func TestFlowsLegKeepsTheDirection(t *testing.T) {
	came := Event{Kind: Inbound, Leg: Leg{ID: "p", Type: "inbound", From: "+493023125042"}}
	for _, source := range []string{"dial", "webrtc", "api"} {
		placed := Event{Kind: Finished, Leg: Leg{ID: "c", ParentID: "p", Type: "outbound", Source: source, Domain: "external", To: "+493023125099"}}
		for _, order := range [][]Event{{came, placed}, {placed, came}} {
			facts := factsOf(order...)
			require.False(t, facts.Outgoing, source)
			require.Equal(t, "+493023125042", facts.CustomersNumber(), source)
		}
	}
}

func TestLatestValueWinsInAnyOrder(t *testing.T) {
	ringing := Event{Kind: Inbound, ReceivedAt: noon.Add(time.Hour), Leg: Leg{ID: "p", CreatedAt: noon}, Extra: map[string]string{"app.choice": "none"}}
	ended := Event{Kind: Finished, Leg: Leg{ID: "p", CreatedAt: noon, Seconds: new(30)}, Extra: map[string]string{"app.choice": "billing"}}
	for _, order := range [][]Event{{ringing, ended}, {ended, ringing}} {
		r := recordOf(order...)
		require.Equal(t, "billing", r.Facts().Extra["app.choice"])
		require.Equal(t, "none", r.asOf(r.Facts(), ringing).Extra["app.choice"], "an event's own fields win")
	}
}

func TestUnnamedBridgeIsWithThePlacer(t *testing.T) {
	amira := Agent{ID: "7", Name: "Amira"}
	placed := Event{Kind: Outbound, Leg: Leg{ID: "p", Type: "outbound", Source: "api"}, Agent: amira}
	require.Equal(t, amira, factsOf(placed, Event{Kind: Bridged, Leg: Leg{ID: "p"}}).Agent)
}

// The opening is as of the ring: a later agent has not placed the call.
func TestPlacerStaysThePlacer(t *testing.T) {
	placed := Event{Kind: Outbound, Leg: Leg{ID: "p", Type: "outbound", Source: "api", To: "+493023125042", CreatedAt: noon}, Agent: Agent{ID: amira.ID}}
	reached := Event{Kind: Bridged, Leg: after(placed.Leg, 10, ""), Agent: amira}
	handedOn := Event{Kind: Bridged, Leg: after(placed.Leg, 60, ""), Agent: ben}
	for _, order := range permutations([]Event{placed, reached, handedOn}) {
		r := recordOf(order...)
		require.Equal(t, amira, r.opening().Agent, "with what a later report adds")
		require.Equal(t, ben, r.Facts().Agent)
	}
	unnamed := with(placed, func(e *Event) { e.Agent = Agent{} })
	require.Equal(t, amira, recordOf(unnamed, handedOn, reached).opening().Agent, "the first agent")
}
