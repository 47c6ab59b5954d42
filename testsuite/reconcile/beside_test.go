package reconcile

import (
	"flag"
	"fmt"
	"net/http"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/client"
	xrate "golang.org/x/time/rate"

	"github.com/callthread/callthread/babelforce/sandbox"
	"github.com/callthread/callthread/reconcile"
	"github.com/callthread/callthread/testsuite/stage"
)

// backfill takes long and measures only on an otherwise idle machine:
// go test ./testsuite/reconcile -run BesideABackfill -v -backfill 5000 -timeout 30m
var backfill = flag.Int("backfill", 0, "calls to add while others ring; 0 skips the measurement")

const (
	addedASecond = 10 // 4,200 requests to Kustomer per minute
	ringASecond  = 2
)

func TestCallsBesideABackfillAreNotDelayed(t *testing.T) {
	if *backfill == 0 {
		t.Skip("measures, for which -backfill says how many calls to add")
	}
	c := newCompared(t, sandbox.Faults{})
	c.compares.Throttle = xrate.NewLimiter(addedASecond, 1)
	alone := c.ring(t, "alone", 120, nil)
	for n := range *backfill {
		c.has(fmt.Sprintf("added-%d", n), 2*time.Hour+time.Duration(n%3000)*time.Second, n%3 > 0)
	}
	now := time.Now().Truncate(time.Second)
	run, err := c.Temporal.ExecuteWorkflow(t.Context(), client.StartWorkflowOptions{TaskQueue: reconcile.TaskQueue(c.TaskQueue)}, reconcile.BackfillWorkflow,
		reconcile.Backfill{Window: reconcile.Window{From: now.Add(-4 * time.Hour), To: now.Add(-time.Hour)}, Repair: true, Status: "done"})
	require.NoError(t, err)
	ended := make(chan struct{})
	var progress reconcile.Progress
	go func() {
		defer close(ended)
		if err := run.Get(t.Context(), &progress); err != nil {
			t.Error(err)
		}
	}()
	beside := c.ring(t, "beside", 0, ended)
	require.Equal(t, *backfill, progress.Repaired)
	t.Logf("%d calls added while %d rang; ring to conversation: alone %s, beside it %s", progress.Repaired, len(beside), spread(alone), spread(beside))
	require.Less(t, middle(beside), 2*middle(alone))
}

// ring rings up to the given number of calls, or until the end, and returns the time until each
// had a conversation.
func (c *compared) ring(t *testing.T, name string, calls int, end <-chan struct{}) (took []time.Duration) {
	t.Helper()
	var mu sync.Mutex
	var ringing sync.WaitGroup
	pace := time.NewTicker(time.Second / ringASecond)
	defer pace.Stop()
	for n := 0; calls == 0 || n < calls; n++ {
		select {
		case <-end:
			ringing.Wait()
			return took
		case <-pace.C:
		}
		key := fmt.Sprintf("%s-%d", name, n)
		ringing.Go(func() {
			c.sends(t, "call-inbound", stage.Inbound(key))
			c.sends(t, "call-finished", stage.Abandoned(key))
			state := c.Result(t, key)
			mu.Lock()
			defer mu.Unlock()
			took = append(took, time.Duration(state.RingToConversationMS)*time.Millisecond)
		})
	}
	ringing.Wait()
	return took
}

// sends posts a webhook until it is accepted, as babelforce does.
func (c *compared) sends(t *testing.T, event, body string) {
	for status := 0; status != http.StatusAccepted; {
		status, _ = c.Post(t, event, body)
	}
}

func middle(took []time.Duration) time.Duration {
	slices.Sort(took)
	return took[len(took)/2]
}

func spread(took []time.Duration) string {
	half := middle(took)
	return fmt.Sprintf("p50 %s, p95 %s", half, took[len(took)*95/100])
}
