package reconcile

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/mock"
	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/testsuite"

	"github.com/callthread/callthread/babelforce/calllog"
)

func TestStatementCoversTheWholeDay(t *testing.T) {
	suite := testsuite.WorkflowTestSuite{}
	env := suite.NewTestWorkflowEnvironment()
	day := Window{noon.Add(-12 * time.Hour), noon.Add(12 * time.Hour)}
	var a *Activities
	env.OnActivity(a.Day, mock.Anything, mock.Anything).Return(func(_ context.Context, in StatementInput) (Window, error) {
		require.Equal(t, "2026-11-27", in.Day)
		return day, nil
	})
	n := 0
	env.OnActivity(a.Compare, mock.Anything, mock.Anything).Return(func(_ context.Context, part Part) (Comparison, error) {
		require.True(t, part.Again)
		if n++; n == 3 {
			return Comparison{}, temporal.NewNonRetryableApplicationError("no", string(calllog.FilterIgnored), nil)
		}
		c := Comparison{Window: part.Window}
		c.Add(Verdict{Result: Matched})
		return c, nil
	})
	env.ExecuteWorkflow(StatementWorkflow, StatementInput{Day: "2026-11-27", Zone: "UTC"})
	var statement Comparison
	require.NoError(t, env.GetWorkflowResult(&statement))
	require.Equal(t, day, statement.Window)
	require.Equal(t, 11, statement.Calls)
	require.Len(t, statement.Gaps, 1)
}

// A worker that was away for a day makes the statement for the day before it was due.
func TestLateStatementIsOfTheDayItWasDueFor(t *testing.T) {
	a := &Activities{}
	day, err := a.Day(t.Context(), StatementInput{Zone: "Europe/Berlin", Due: time.Date(2026, 3, 30, 1, 0, 0, 0, time.UTC)})
	require.NoError(t, err)
	require.Equal(t, 23*time.Hour, day.To.Sub(day.From), "the clocks went forward")

	suite := testsuite.WorkflowTestSuite{}
	env := suite.NewTestWorkflowEnvironment()
	require.NoError(t, env.SetTypedSearchAttributesOnStart(temporal.NewSearchAttributes(scheduledFor.ValueSet(noon))))
	env.OnActivity(a.Day, mock.Anything, mock.Anything).Return(func(_ context.Context, in StatementInput) (Window, error) {
		require.Equal(t, noon, in.Due)
		return Window{noon, noon}, nil
	})
	env.ExecuteWorkflow(StatementWorkflow, StatementInput{})
	require.NoError(t, env.GetWorkflowError())
}
