package operator

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/converter"

	"github.com/callthread/callthread/call"
	"github.com/callthread/callthread/workflows"
)

const (
	refusal      = "could not open the conversation: kustomer: no such team"
	conversation = "2b7e0000000000000000beef"
)

var (
	ring = time.Date(2026, time.March, 4, 9, 30, 0, 0, time.UTC)
	// inIt is the state of a call whose conversation is open.
	inIt    = workflows.InKustomer{ConversationID: conversation}
	opens   = &workflows.StepState{Causes: []call.Cause{call.Rang}}
	opening = workflows.State{Phase: workflows.Ringing, WaitsFor: call.WaitsForKustomer, Step: opens}
)

// states is a Temporal client that answers queries with the states in turn, and then with the last.
type states struct {
	client.Client
	left  []workflows.State
	asked int
}

func (s *states) QueryWorkflow(context.Context, string, string, string, ...any) (converter.EncodedValue, error) {
	s.asked++
	if s.asked == 1 {
		return nil, errors.New("no worker at the moment")
	}
	next := s.left[0]
	s.left = s.left[min(1, len(s.left)-1):]
	payloads, err := converter.GetDefaultDataConverter().ToPayloads(next)
	return client.NewValue(payloads), err
}

func TestDecisionIsWatchedUntilItsStepEnds(t *testing.T) {
	parked := workflows.State{Phase: workflows.Parked, WaitsFor: call.WaitsForOperator, Step: opens, ParkedBecause: refusal}
	for name, c := range map[string]struct {
		answer workflows.State
		then   []workflows.State
		says   string
		fails  bool
		within time.Duration
	}{
		"it goes on at once":       {workflows.State{WaitsFor: call.WaitsForEnd}, nil, "goes on", false, 0},
		"it goes on soon":          {opening, []workflows.State{opening, {WaitsFor: call.WaitsForAgent, InKustomer: inIt}}, "goes on (conversation " + conversation + ")", false, time.Second},
		"it was the last step":     {opening, []workflows.State{{InKustomer: inIt}}, "is complete (conversation " + conversation + ")", false, time.Second},
		"it is refused again":      {opening, []workflows.State{opening, parked}, "parked again: " + refusal, true, time.Second},
		"Kustomer does not answer": {opening, []workflows.State{opening}, "goes on, and waits for Kustomer to open the conversation", false, watchFor},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				d := Decision{Operator: &Operator{Temporal: &states{left: c.then}}}
				began := time.Now()
				said, err := outcomeOf(d.watch(t.Context(), "x", c.answer))
				require.LessOrEqual(t, time.Since(began), c.within)
				if c.fails {
					require.EqualError(t, err, c.says)
				} else {
					require.NoError(t, err)
					require.Equal(t, c.says, said)
				}
			})
		})
	}
}
