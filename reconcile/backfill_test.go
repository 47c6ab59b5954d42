package reconcile

import (
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/converter"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"github.com/callthread/callthread/babelforce/calllog"
)

func TestCallsBeforeGoLiveAreNotRepaired(t *testing.T) {
	window := Window{noon.Add(-48 * time.Hour), noon}
	for _, c := range []struct {
		in      Backfill
		refused bool
	}{
		{Backfill{Window: window, Repair: true}, true},
		{Backfill{Window: window}, false},
		{Backfill{Window: window, Repair: true, BeforeLive: true}, false},
		{Backfill{Window: Window{noon.Add(-time.Hour), noon}, Repair: true}, false},
	} {
		p := newPass(t, nil)
		p.clock.Since = noon.Add(-24 * time.Hour)
		p.env.ExecuteWorkflow(BackfillWorkflow, c.in)
		err := p.env.GetWorkflowError()
		require.Equal(t, c.refused, err != nil)
		var refused *temporal.ApplicationError
		require.Equal(t, c.refused, errors.As(err, &refused) && refused.Type() == BeforeLive)
	}
}

func TestBackfillEstimatesThenRepairs(t *testing.T) {
	p := newPass(t, nil)
	p.clock.RepairEvery = 2 * time.Second
	p.finds = func(w Window) (Comparison, error) {
		c := Comparison{Window: w}
		for n := range 60 {
			c.Add(Verdict{CallID: fmt.Sprint(w.From.Hour(), "-", n), Rang: w.From, Result: Missed})
		}
		return c, nil
	}
	in := Backfill{Window: Window{noon.Add(-4 * time.Hour), noon}, Repair: true, Status: "done"}
	p.env.ExecuteWorkflow(BackfillWorkflow, in)
	require.NoError(t, p.env.GetWorkflowError())
	var progress Progress
	require.NoError(t, p.env.GetWorkflowResult(&progress))
	require.Equal(t, 120, progress.ToRepair)
	require.Equal(t, 4*time.Minute, progress.Takes)
	require.Equal(t, 120, progress.Repaired)
	require.Equal(t, noon, progress.Until)
	require.Len(t, p.repaired, 120)
	require.Equal(t, "8-0", p.repaired[0])
	require.Equal(t, "10-59", p.repaired[119])
	require.Equal(t, "done", p.status)
}

// A history is limited, so a long backfill continues in new runs.
func TestLongBackfillContinuesWhereItStopped(t *testing.T) {
	in := Backfill{Window: Window{noon.Add(-8 * time.Hour), noon}, Repair: true}
	var windows []Window
	var repaired []string
	var progress Progress
	for runs := 1; ; runs++ {
		p := newPass(t, nil)
		p.finds = func(w Window) (Comparison, error) {
			if windows = append(windows, w); len(p.windows) == 2 {
				p.env.SetContinueAsNewSuggested(true)
			}
			c := Comparison{Window: w}
			c.Add(Verdict{CallID: w.From.Format(time.TimeOnly), Rang: w.From, Result: Missed})
			return c, nil
		}
		p.env.ExecuteWorkflow(BackfillWorkflow, in)
		repaired = append(repaired, p.repaired...)
		var goesOn *workflow.ContinueAsNewError
		if !errors.As(p.env.GetWorkflowError(), &goesOn) {
			require.NoError(t, p.env.GetWorkflowResult(&progress))
			require.Equal(t, 4, runs)
			break
		}
		require.NoError(t, converter.GetDefaultDataConverter().FromPayloads(goesOn.Input, &in))
	}
	require.Equal(t, slices.Concat(in.Chunks(defaultChunk), in.Chunks(defaultChunk)), windows)
	require.Equal(t, []string{"04:00:00", "06:00:00", "08:00:00", "10:00:00"}, repaired)
	require.Equal(t, 4, progress.Found.Calls)
	require.Equal(t, 4, progress.Repaired)
	require.Equal(t, noon, progress.Until)
}

// The log may fail after the comparison and before the repairs.
func TestBackfillReportsWhatItCouldNotRepair(t *testing.T) {
	p := newPass(t, nil)
	p.finds = func(w Window) (Comparison, error) {
		if len(p.windows) == 3 {
			return Comparison{}, temporal.NewNonRetryableApplicationError("no", string(calllog.Unauthorized), nil)
		}
		return lacking(w, 1, 1), nil
	}
	p.env.ExecuteWorkflow(BackfillWorkflow, Backfill{Window: Window{noon.Add(-4 * time.Hour), noon}, Repair: true})
	var progress Progress
	require.NoError(t, p.env.GetWorkflowResult(&progress))
	require.Equal(t, 1, progress.Repaired)
	require.Len(t, progress.Found.Gaps, 1)
	require.False(t, progress.Found.IsComplete())
}

func TestRepairDoesNotAttachToAComparison(t *testing.T) {
	in := Backfill{Window: Window{noon, noon.Add(time.Hour)}}
	repairs := in
	repairs.Repair = true
	require.NotEqual(t, in.BackfillID("calls"), repairs.BackfillID("calls"))
}
