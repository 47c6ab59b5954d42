package notify

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/mock"
	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/testsuite"
)

// played is one run with what it finds.
type played struct {
	env    *testsuite.TestWorkflowEnvironment
	look   Look
	sent   []Kind
	refuse Kind // messages of this kind cannot be sent
	tries  int
}

func newRun(last *Seen, found Found) *played {
	var suite testsuite.WorkflowTestSuite
	p := &played{env: suite.NewTestWorkflowEnvironment()}
	p.env.SetStartTime(noon)
	if last != nil {
		p.env.SetLastCompletionResult(*last)
	}
	var a *Activities
	p.env.RegisterActivity(a)
	p.env.OnActivity(a.Look, mock.Anything, mock.Anything).Return(func(_ context.Context, look Look) (Found, error) {
		p.look = look
		return found, nil
	})
	p.env.OnActivity(a.Send, mock.Anything, mock.Anything).Return(func(_ context.Context, message Message) error {
		if message.Kind == p.refuse {
			p.tries++
			return temporal.NewApplicationError("the notification's receiver answers 500", notTaken)
		}
		p.sent = append(p.sent, message.Kind)
		return nil
	})
	return p
}

func (p *played) plays(t *testing.T) (seen Seen) {
	t.Helper()
	p.env.ExecuteWorkflow(NotifyWorkflow)
	require.NoError(t, p.env.GetWorkflowError())
	require.NoError(t, p.env.GetWorkflowResult(&seen))
	return seen
}

var everything = Found{
	Parked: []string{"a"}, ParkedCount: 1, Unassigned: 5, Waiting: 2, KeyRefused: true,
	Missed: 1, MissedCalls: []string{"x"}, Passes: noon, ComparedUntil: noon.Add(-2 * time.Hour), Overdue: true,
}

var allKinds = []Kind{CallsParked, AgentsUnassigned, KeyRefused, CallsMissed, ComparisonOverdue}

func TestEachKindIsSentOnce(t *testing.T) {
	first := newRun(nil, everything)
	seen := first.plays(t)
	require.Equal(t, allKinds, first.sent)
	require.Equal(t, Look{Now: noon, UnassignedSince: noon, Passes: noon}, first.look, "nothing that was before is new")

	again := everything
	again.Missed, again.MissedCalls = 0, nil // the pass is known
	second := newRun(&seen, again)
	second.plays(t)
	require.Empty(t, second.sent)
}

func TestUnsentMessageIsNewForTheNextRun(t *testing.T) {
	last := Seen{UnassignedSince: noon.Add(-time.Hour), Unassigned: 1, Passes: noon.Add(-time.Hour)}
	for i, kind := range allKinds {
		first := newRun(&last, everything)
		first.refuse = kind
		seen := first.plays(t)
		require.Equal(t, i, len(first.sent), "a webhook that does not answer is not asked again before the next run")
		require.Equal(t, sendTries, first.tries)

		found := everything
		if found.Missed = 0; !seen.Passes.After(last.Passes) { // the pass is found again
			found.Missed = 1
		}
		second := newRun(&seen, found)
		second.plays(t)
		require.Equal(t, allKinds[i:], second.sent)
	}
}

// Temporal deletes old calls, and otherwise the count would cover more of them every day.
func TestUnassignedCountMovesOnAfterADay(t *testing.T) {
	last := Seen{UnassignedSince: noon.Add(-countedFor - time.Minute), Unassigned: 40}
	run := newRun(&last, Found{Unassigned: 42, UnassignedNext: 7})
	seen := run.plays(t)
	require.Equal(t, []Kind{AgentsUnassigned}, run.sent, "by the count that was compared")
	require.Equal(t, last.UnassignedSince, run.look.UnassignedSince)
	require.Equal(t, noon.Add(-countedAfter), run.look.UnassignedNext)
	require.Equal(t, 7, seen.Unassigned)
	require.Equal(t, noon.Add(-countedAfter), seen.UnassignedSince)
}

func TestRunThatCannotLookFails(t *testing.T) {
	var suite testsuite.WorkflowTestSuite
	env := suite.NewTestWorkflowEnvironment()
	var a *Activities
	env.RegisterActivity(a)
	env.OnActivity(a.Look, mock.Anything, mock.Anything).Return(Found{}, temporal.NewApplicationError("away", "")).Once()
	env.ExecuteWorkflow(NotifyWorkflow)
	require.Error(t, env.GetWorkflowError(), "so that its result does not become the next run's last one")
}
