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
	again    []Part // parts that were read again, for late rows
	late     Comparison
	asked    []Verdict
	recently time.Time
	answers  Comparison

	repaired    []string // calls
	status      string
	repairFails error
	unrepaired  []Failed // by a repair that succeeds for other calls
	held        int      // the calls that were counted
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
		if part.Late {
			p.again = append(p.again, part)
			return p.late, nil
		}
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
		done.Failed = p.unrepaired
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

// A row may appear in the log only when its call has ended, long after the pass that covered its
// ring.
func TestLateRowIsReportedOnce(t *testing.T) {
	known := Verdict{CallID: "known", Rang: noon.Add(-time.Hour), Result: Missed}
	old := Verdict{CallID: "old", Rang: noon.Add(-3 * time.Hour), Result: Missed}
	p := newPass(t, &Pass{Until: noon.Add(-10 * time.Minute), Known: []Verdict{known, old}})
	late := Verdict{CallID: "late", Rang: noon.Add(-40 * time.Minute), Result: Missed}
	p.late.Add(late)
	pass := p.plays(t, Settings{Repair: true})
	require.Len(t, p.again, 1)
	require.Equal(t, Window{noon.Add(-10*time.Minute - defaultLookback), noon.Add(-10 * time.Minute)}, p.again[0].Window)
	require.Equal(t, []Verdict{known, old}, p.again[0].Known)
	require.Equal(t, map[Result]int{Missed: 1}, pass.Counts)
	require.Equal(t, []string{"late"}, p.repaired)
	require.Equal(t, []Verdict{known, late}, pass.Known, "an old one is not read again")
}

func TestEarlierCallsAreNotReadAgain(t *testing.T) {
	p := newPass(t, &Pass{Until: noon.Add(-10 * time.Minute)})
	p.plays(t, Settings{Since: noon.Add(-30 * time.Minute)})
	require.Equal(t, noon.Add(-30*time.Minute), p.again[0].From)
	p = newPass(t, nil)
	p.plays(t, Settings{})
	require.Empty(t, p.again, "the first pass reads everything")
}

// A call whose repair fails is tried again by every pass, but is new only once.
func TestFailedRepairIsHeldOnce(t *testing.T) {
	broken := Verdict{CallID: "0", Rang: noon, Result: Missed}
	p := newPass(t, &Pass{Until: noon.Add(-10 * time.Minute)})
	p.finds = func(w Window) (Comparison, error) { return lacking(w, 100, 3), nil }
	p.unrepaired = []Failed{{Verdict: broken, Problem: "its legs cannot be read"}}
	pass := p.plays(t, Settings{Repair: true})
	require.Equal(t, []Verdict{broken}, pass.Waiting)
	require.Equal(t, 1, p.held)

	p = newPass(t, &pass)
	p.answers.list(broken)
	p.unrepaired = []Failed{{Verdict: broken, Problem: "its legs cannot be read"}}
	pass = p.plays(t, Settings{Repair: true})
	require.Equal(t, []Verdict{broken}, p.asked)
	require.Zero(t, pass.Counts[Missed])
	require.Equal(t, []Verdict{broken}, pass.Waiting)
	require.Zero(t, p.held)
}

// A call that is not listed would be neither judged again nor repaired.
func TestPassStopsBeforeItsListIsFull(t *testing.T) {
	p := newPass(t, &Pass{Until: noon.Add(-6 * time.Hour)})
	p.finds = func(w Window) (Comparison, error) {
		c := Comparison{Window: w}
		for n := range maxListed * 2 / 3 {
			c.Add(Verdict{CallID: fmt.Sprint(w.From.Unix(), n), Rang: w.From, Result: NotYet})
		}
		return c, nil
	}
	pass := p.plays(t, Settings{})
	require.Equal(t, noon.Add(-4*time.Hour), pass.Until)
	require.Len(t, pass.Waiting, maxListed*2/3)
	require.Empty(t, pass.Gaps)
}

func TestCallsOverTheLimitAreAGap(t *testing.T) {
	p := newPass(t, &Pass{Until: noon.Add(-time.Hour)})
	p.finds = func(w Window) (Comparison, error) {
		c := Comparison{Window: w}
		for n := range maxListed + 3 {
			c.Add(Verdict{CallID: fmt.Sprint(n), Rang: w.From, Result: Missed})
		}
		return c, nil
	}
	pass := p.plays(t, Settings{})
	require.Equal(t, maxListed+3, pass.Counts[Missed])
	require.Len(t, pass.Gaps, 1)
	require.Contains(t, pass.Gaps[0].Why, "3 more calls")
}

func TestTimeThatTheLogNoLongerContainsIsAGap(t *testing.T) {
	p := newPass(t, &Pass{Until: noon.Add(-48 * time.Hour)})
	p.clock.LogKeeps = 24 * time.Hour
	pass := p.plays(t, Settings{})
	require.Equal(t, Window{noon.Add(-48 * time.Hour), noon.Add(-24 * time.Hour)}, pass.Gaps[0].Window)
	require.Equal(t, noon.Add(-24*time.Hour), p.windows[0].From)
}
