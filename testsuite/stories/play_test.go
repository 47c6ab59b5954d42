package stories

import (
	"io"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/log"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/testsuite"

	"github.com/callthread/callthread/call"
	"github.com/callthread/callthread/workflows"
)

// untilLookedAt is how long after the story a parked call is looked at; an operator would decide it then.
const untilLookedAt = 10 * time.Minute

// play plays the story to a Kustomer of its own and answers with what is seen in the end.
func (p playing) play(t *testing.T) picture {
	kustomer := newOrg(t, p.story)
	suite := testsuite.WorkflowTestSuite{}
	suite.SetLogger(log.NewStructuredLogger(slog.New(slog.NewTextHandler(io.Discard, &slog.HandlerOptions{Level: slog.LevelError + 1}))))
	env := suite.NewTestWorkflowEnvironment()
	env.SetTestTimeout(time.Minute) // of a machine that others use too
	env.SetStartTime(p.begins)
	kustomer.now = env.Now
	workflows.Register(env, kustomer.steps)

	input := workflows.CallInput{Key: callID}
	for i, d := range p.deliveries {
		event := p.delivered(t, d)
		if i == 0 && (event.Kind == call.Inbound || event.Kind == call.Outbound) {
			input.First = &event // as the receiver starts it
			continue
		}
		env.RegisterDelayedCallback(func() { env.SignalWorkflow(string(event.Kind), event) }, d.after)
	}
	var state workflows.State
	if p.Becomes.Phase == string(workflows.Parked) {
		env.RegisterDelayedCallback(func() {
			answer, err := env.QueryWorkflow(workflows.QueryState)
			require.NoError(t, err)
			require.NoError(t, answer.Get(&state))
			env.CancelWorkflow()
		}, p.deliveries[len(p.deliveries)-1].after+untilLookedAt)
	}
	env.ExecuteWorkflow(workflows.CallWorkflow, input)
	require.True(t, env.IsWorkflowCompleted(), "%s\n%s", p.Title, p.inWords())
	if state.CallID != "" {
		require.True(t, temporal.IsCanceledError(env.GetWorkflowError()))
	} else {
		require.NoError(t, env.GetWorkflowError(), "%s\n%s", p.Title, p.inWords())
		require.NoError(t, env.GetWorkflowResult(&state))
		require.Empty(t, state.Unwritten, "%s\n%s", p.Title, p.inWords())
	}
	require.Len(t, state.Events, p.cameInTime(env.Now()), "%s: each event counts once\n%s", p.Title, p.inWords())
	return p.see(t, kustomer, state)
}

// delivered is an event as the call's workflow gets it.
func (p playing) delivered(t *testing.T, d delivery) call.Event {
	body := p.body(t, d.event)
	if d.fields != nil {
		body = p.inOtherWords(t, d.event, d.fields)
	}
	return p.signalOf(t, d.event, body, p.begins.Add(d.after))
}

// cameInTime counts the events that came before the call's run had ended. Others are acknowledged, and no more.
func (p playing) cameInTime(ended time.Time) int {
	heard := make(map[string]bool)
	for _, d := range p.deliveries {
		if !p.begins.Add(d.after).After(ended) {
			heard[d.event.title()] = true
		}
	}
	return len(heard)
}

// inOneLine makes a text of several lines one that a story can hold.
func inOneLine(text string) string { return strings.ReplaceAll(text, "\n", " / ") }
