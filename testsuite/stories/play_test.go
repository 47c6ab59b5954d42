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

// untilLookedAt is the time after the story at which a parked call is checked, when an operator
// would decide.
const untilLookedAt = 10 * time.Minute

// play plays the story with its own Kustomer and returns the result.
func (p playing) play(t *testing.T) picture {
	kustomer := newOrg(t, p.story)
	suite := testsuite.WorkflowTestSuite{}
	suite.SetLogger(log.NewStructuredLogger(slog.New(slog.NewTextHandler(io.Discard, &slog.HandlerOptions{Level: slog.LevelError + 1}))))
	env := suite.NewTestWorkflowEnvironment()
	env.SetTestTimeout(time.Minute) // for a busy machine
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

// delivered is an event as the call's workflow receives it.
func (p playing) delivered(t *testing.T, d delivery) call.Event {
	body := p.Body(d.event, noon)
	if d.fields != nil {
		body = p.inOtherWords(t, d.event, d.fields)
	}
	return p.signalOf(t, d.event, body, p.begins.Add(d.after))
}

// cameInTime counts the events that arrived before the workflow ended. Later events are only
// acknowledged.
func (p playing) cameInTime(ended time.Time) int {
	inTime := make(map[string]bool)
	for _, d := range p.deliveries {
		if !p.begins.Add(d.after).After(ended) {
			inTime[d.event.Title()] = true
		}
	}
	return len(inTime)
}

// inOneLine joins the lines of a text, because a story has one line per text.
func inOneLine(text string) string { return strings.ReplaceAll(text, "\n", " / ") }
