package reconcile

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/mock"
	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/testsuite"

	"github.com/callthread/callthread/babelforce/calllog"
)

// passUnderTest is one pass with the results of its activities.
type passUnderTest struct {
	env      *testsuite.TestWorkflowEnvironment
	clock    Clock
	windows  []Window
	finds    func(Window) (Comparison, error)
	asked    []Verdict
	recently time.Time
	answers  Comparison

	repaired    []string // calls
	status      string
	repairFails error
	held        int // the calls that were counted
}

func newPass(t *testing.T, last *Pass) *passUnderTest {
	suite := testsuite.WorkflowTestSuite{}
	p := &passUnderTest{
		env: suite.NewTestWorkflowEnvironment(), clock: Clock{Now: noon},
		finds: func(w Window) (Comparison, error) { return Comparison{Window: w}, nil },
	}
	if last != nil {
		p.env.SetLastCompletionResult(*last)
	}
	var a *Activities
	p.env.OnActivity(a.Clock, mock.Anything).Return(func(context.Context) (Clock, error) { return p.clock, nil })
	p.env.OnActivity(a.Compare, mock.Anything, mock.Anything).Return(func(_ context.Context, part Part) (Comparison, error) {
		p.windows = append(p.windows, part.Window)
		return p.finds(part.Window)
	})
	p.env.OnActivity(a.CompareWaiting, mock.Anything, mock.Anything, mock.Anything).Return(func(_ context.Context, asked []Verdict, recently time.Time) (Comparison, error) {
		p.asked, p.recently = asked, recently
		return p.answers, nil
	})
	p.env.OnActivity(a.Repair, mock.Anything, mock.Anything).Return(func(_ context.Context, in RepairInput) (done Repaired, err error) {
		p.status = in.Status
		for _, v := range in.Calls {
			done.Calls = append(done.Calls, v.CallID)
		}
		if p.repairFails == nil {
			p.repaired = append(p.repaired, done.Calls...)
		}
		return done, p.repairFails
	})
	p.env.OnActivity(a.Hold, mock.Anything, mock.Anything).Return(func(_ context.Context, calls int) error {
		p.held += calls
		return nil
	})
	return p
}

func (p *passUnderTest) plays(t *testing.T, settings Settings) (pass Pass) {
	t.Helper()
	p.env.ExecuteWorkflow(ReconcileWorkflow, settings)
	require.NoError(t, p.env.GetWorkflowError())
	require.NoError(t, p.env.GetWorkflowResult(&pass))
	return pass
}

func TestPassContinuesTheLastOne(t *testing.T) {
	p := newPass(t, &Pass{Until: noon.Add(-10 * time.Minute)})
	pass := p.plays(t, Settings{})
	require.Equal(t, []Window{{noon.Add(-10 * time.Minute), noon.Add(-defaultLate)}}, p.windows)
	require.Equal(t, noon.Add(-defaultLate), pass.Until)
	require.Empty(t, p.asked)
}

func TestFirstPassLooksBackWithinLimits(t *testing.T) {
	for _, c := range []struct {
		since time.Time
		keeps time.Duration
		from  time.Duration
	}{
		{time.Time{}, 0, -defaultLookback},
		{noon.Add(-time.Hour), 0, -time.Hour},
		{time.Time{}, 30 * time.Minute, -30 * time.Minute},
		{noon.Add(time.Hour), 0, 0},
	} {
		p := newPass(t, nil)
		p.clock.LogKeeps = c.keeps
		p.plays(t, Settings{Since: c.since})
		if c.from == 0 {
			require.Empty(t, p.windows, "nothing is compared before go-live")
			continue
		}
		require.Equal(t, noon.Add(c.from), p.windows[0].From)
	}
}

func TestPassAfterAnOutageReadsChunks(t *testing.T) {
	p := newPass(t, &Pass{Until: noon.Add(-5 * time.Hour)})
	pass := p.plays(t, Settings{})
	require.Len(t, p.windows, 3)
	require.Equal(t, noon.Add(-defaultLate), pass.Until)
}

func TestPassStopsAtAnUnreadableChunk(t *testing.T) {
	p := newPass(t, &Pass{Until: noon.Add(-5 * time.Hour)})
	p.finds = func(w Window) (Comparison, error) {
		if len(p.windows) == 2 {
			return Comparison{}, temporal.NewNonRetryableApplicationError("babelforce refuses the password", string(calllog.Unauthorized), errors.New("x"))
		}
		c := Comparison{Window: w}
		c.Add(Verdict{CallID: "a", Result: Matched})
		return c, nil
	}
	pass := p.plays(t, Settings{})
	require.Equal(t, noon.Add(-3*time.Hour), pass.Until)
	require.Equal(t, 1, pass.Calls)
	require.Equal(t, []Gap{{Window: p.windows[1], Kind: calllog.Unauthorized, Why: "babelforce refuses the password"}}, pass.Gaps)
	require.NotContains(t, pass.String(), "0 missing")
}

func TestUnfinishedCallsAreJudgedLaterOnce(t *testing.T) {
	open := Verdict{CallID: "open", Rang: noon.Add(-20 * time.Minute), Result: NotYet}
	p := newPass(t, &Pass{Until: noon.Add(-10 * time.Minute), Waiting: []Verdict{open, {CallID: "ended", Rang: noon.Add(-3 * time.Hour), Result: NotYet}}})
	p.answers.Add(open)
	p.answers.Add(Verdict{CallID: "ended", Result: Missed})
	fresh := Verdict{CallID: "fresh", Rang: noon.Add(-5 * time.Minute), Result: NotYet}
	p.finds = func(w Window) (Comparison, error) {
		c := Comparison{Window: w}
		c.Add(fresh)
		return c, nil
	}
	pass := p.plays(t, Settings{})
	require.Len(t, p.asked, 2)
	require.Equal(t, noon.Add(-defaultLookback), p.recently)
	require.ElementsMatch(t, []Verdict{open, fresh}, pass.Waiting)
	require.Equal(t, map[Result]int{NotYet: 2, Missed: 1}, pass.Counts)
}

func TestStatementCoversTheWholeDay(t *testing.T) {
	suite := testsuite.WorkflowTestSuite{}
	env := suite.NewTestWorkflowEnvironment()
	day := Window{noon.Add(-12 * time.Hour), noon.Add(12 * time.Hour)}
	var a *Activities
	env.OnActivity(a.Day, mock.Anything, StatementInput{Day: "2026-11-27", Zone: "UTC"}).Return(day, nil)
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

// lacking returns a comparison of a number of calls with some missing.
func lacking(w Window, calls, missing int) Comparison {
	c := Comparison{Window: w}
	for n := range calls {
		result := Matched
		if n < missing {
			result = Missed
		}
		c.Add(Verdict{CallID: fmt.Sprint(n), Rang: noon, Result: result})
	}
	return c
}

func TestPassRepairsWithinLimits(t *testing.T) {
	for name, c := range map[string]struct {
		calls, missing int
		repaired, held int
		repair         bool
	}{
		"not wanted":              {100, 1, 0, 0, false},
		"one":                     {100, 1, 1, 0, true},
		"all of a few":            {10, 10, 10, 0, true},
		"a fifth":                 {100, 20, 20, 0, true},
		"more than a fifth":       {100, 21, 0, 21, true},
		"as many as are repaired": {1000, 50, 50, 0, true},
		"more than that":          {1000, 51, 0, 51, true},
	} {
		t.Run(name, func(t *testing.T) {
			p := newPass(t, &Pass{Until: noon.Add(-10 * time.Minute)})
			p.finds = func(w Window) (Comparison, error) { return lacking(w, c.calls, c.missing), nil }
			pass := p.plays(t, Settings{Repair: c.repair})
			require.Equal(t, c.repaired, pass.Repaired)
			require.Equal(t, c.repaired, len(p.repaired))
			require.Equal(t, c.held, pass.Held)
			require.Equal(t, c.held, p.held)
			require.Empty(t, pass.Waiting)
			require.Equal(t, c.held > 0, strings.Contains(pass.String(), "wait for an operator"))
		})
	}
}

func TestFailedRepairIsTriedByTheNextPass(t *testing.T) {
	p := newPass(t, &Pass{Until: noon.Add(-10 * time.Minute)})
	p.finds = func(w Window) (Comparison, error) { return lacking(w, 100, 3), nil }
	p.repairFails = temporal.NewNonRetryableApplicationError("no", string(calllog.Unauthorized), nil)
	pass := p.plays(t, Settings{Repair: true})
	require.Equal(t, 3, pass.Held)
	require.Len(t, pass.Waiting, 3)
}

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
