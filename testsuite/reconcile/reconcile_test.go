// Package reconcile checks comparisons with babelforce's log on a real Temporal server: results
// for each call, repairs, Schedules and notifications. A comparison must report exactly the
// webhooks that were lost, call by call.
package reconcile

import (
	"cmp"
	"context"
	"flag"
	"fmt"
	"maps"
	"net/http/httptest"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/worker"

	"github.com/callthread/callthread/babelforce"
	"github.com/callthread/callthread/babelforce/calllog"
	"github.com/callthread/callthread/babelforce/sandbox"
	"github.com/callthread/callthread/babelforce/simulator"
	"github.com/callthread/callthread/internal/demo"
	"github.com/callthread/callthread/reconcile"
	"github.com/callthread/callthread/testsuite/stage"
)

var (
	calls = flag.Int("calls", 120, "how many calls to play")
	rate  = flag.Float64("rate", 20, "calls a second")
	seed  = flag.Int64("seed", 1, "of the calls and of what is lost")
)

const (
	lost   = 0.1
	settle = 4 * time.Second
)

// compared is a stage with babelforce's log.
type compared struct {
	*stage.Stage
	log      *sandbox.Server
	compares reconcile.Activities
	// caller is the caller's number, if it is not the usual one.
	caller string
}

func newCompared(t *testing.T, faults sandbox.Faults, change ...func(*demo.StageOptions)) *compared {
	t.Helper()
	s := stage.Set(t, change...)
	c := &compared{Stage: s, log: sandbox.New(sandbox.Config{User: "reader", Password: "password"})}
	c.log.Misbehave(faults)
	web := httptest.NewServer(c.log)
	t.Cleanup(web.Close)
	reader, err := calllog.New(calllog.Config{BaseURL: web.URL, Credentials: calllog.Credentials{User: "reader", Password: "password"}, Pace: time.Millisecond})
	require.NoError(t, err)
	c.compares = reconcile.Activities{
		Log: reader, Temporal: s.Temporal, Namespace: s.Namespace, TaskQueue: s.TaskQueue, Outbound: func() bool { return false },
		Rules: reconcile.Rules{Settle: settle, Longest: time.Hour, Transfer: 2 * settle, Wants: func(root calllog.Row) reconcile.Wanted { return reconcile.Wants }},
	}
	compares := worker.New(s.Temporal, reconcile.TaskQueue(s.TaskQueue), worker.Options{})
	reconcile.Register(compares, &c.compares)
	require.NoError(t, compares.Start())
	t.Cleanup(compares.Stop)
	return c
}

// statement compares a window now.
func (c *compared) statement(t *testing.T, w reconcile.Window) (statement reconcile.Comparison) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), stage.WaitLimit)
	defer cancel()
	run, err := c.Temporal.ExecuteWorkflow(ctx, client.StartWorkflowOptions{TaskQueue: reconcile.TaskQueue(c.TaskQueue)},
		reconcile.StatementWorkflow, reconcile.StatementInput{Window: &w})
	require.NoError(t, err)
	require.NoError(t, run.Get(ctx, &statement))
	return statement
}

// Hundreds of calls load the server, so no other test of the package runs beside them.
func TestComparisonReportsExactlyLostWebhooks(t *testing.T) {
	stage.NeedsTemporal(t)
	for name, faults := range map[string]sandbox.Faults{
		"a log as documented":   {},
		"a log that misbehaves": {NoPages: true, PageSize: 30, Odd: 5, NumericDates: true, EndTokensAfter: 7, Shift: true, Every: 9, Status: 503},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			// Calls are delivered within seconds, but by the times in their events they end minutes
			// later.
			faults.ClockOffset = 20 * time.Minute
			c := newCompared(t, faults)
			began := time.Now().Add(-time.Second).Truncate(time.Second)
			want := c.play(t)
			w := reconcile.Window{From: began, To: time.Now().Truncate(time.Second)}
			counts := make(map[reconcile.Result]int)
			for _, result := range want {
				counts[result]++
			}
			// A busy machine may still have runs to finish when the rows appear.
			var statement reconcile.Comparison
			assert.Eventually(t, func() bool {
				statement = c.statement(t, w)
				isOther := func(v reconcile.Verdict) bool { return v.Result != want[v.CallID] }
				return maps.Equal(counts, statement.Counts) && !slices.ContainsFunc(statement.Listed, isOther)
			}, stage.WaitLimit, time.Second)
			require.Empty(t, statement.Gaps)
			require.Empty(t, statement.WithoutRow)
			for _, verdict := range statement.Listed {
				require.Equal(t, want[verdict.CallID], verdict.Result, "call %s: %s", verdict.CallID, verdict.Why)
			}
			require.Equal(t, counts, statement.Counts)
			t.Logf("%s", statement)
		})
	}
}

// play plays the calls, drops some of their webhooks, and returns the expected result of each call.
func (c *compared) play(t *testing.T) map[string]reconcile.Result {
	t.Helper()
	invented, err := simulator.New(*seed, c.agents(t), nil)
	require.NoError(t, err)
	invented.Incoming, invented.Unrecorded = true, true
	player := &simulator.Player{URL: c.WebhookURL, Secret: demo.Secret}
	want := make(map[string]reconcile.Result)
	var playing sync.WaitGroup
	pace := time.NewTicker(time.Duration(float64(time.Second) / *rate))
	defer pace.Stop()
	for range *calls {
		<-pace.C
		whole := invented.Next(time.Now())
		delivered := invented.Lose(whole, lost)
		want[whole.Key], err = resultOf(whole, delivered)
		require.NoError(t, err)
		rows, err := sandbox.Rows(whole)
		require.NoError(t, err)
		for i := range rows {
			rows[i].Logged = time.Now().Add(whole.Steps[len(whole.Steps)-1].After + 2*settle)
		}
		c.log.Log(rows...)
		playing.Go(func() {
			_, err := player.Play(t.Context(), delivered, 1)
			if err != nil {
				t.Error(err)
			}
		})
	}
	playing.Wait()
	return want
}

func (c *compared) agents(t *testing.T) (agents []babelforce.Agent) {
	t.Helper()
	users, err := c.Kustomer.Users(t.Context())
	require.NoError(t, err)
	for n, user := range users[:min(len(users), 6)] {
		agents = append(agents, babelforce.Agent{ID: fmt.Sprintf("%032x", n+1), Name: cmp.Or(user.Name, "Somebody"), SourceID: user.ID})
	}
	return agents
}
