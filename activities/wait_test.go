package activities

import (
	"errors"
	"fmt"
	"net/http"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/temporal"

	"github.com/callthread/callthread/automation/load"
	"github.com/callthread/callthread/call"
	"github.com/callthread/callthread/kustomer"
	"github.com/callthread/callthread/kustomer/sandbox"
	"github.com/callthread/callthread/testsuite/pipes"
)

// workerOf returns a worker that reaches the org alone.
func workerOf(t *testing.T, org http.Handler) *Activities {
	t.Helper()
	client, err := kustomer.New(kustomer.Config{BaseURL: orgURL, APIKey: apiKey, RequestsPerMinute: 800, Transport: pipes.Serve(t, org)})
	require.NoError(t, err)
	return New(client, load.Default, "")
}

// opens runs the opening of a call that rings now until it succeeds, as Temporal does. It
// returns how long the caller waited.
func (a *Activities) opens(t *testing.T, key string) (took time.Duration) {
	rang := time.Now()
	record := call.Record{Key: key, Started: rang, Limits: call.DefaultLimits}
	record.Add(call.Event{Kind: call.Inbound, Leg: call.Leg{ID: key, From: caller, CreatedAt: rang}, ReceivedAt: rang}, rang)
	in := StepInput{Step: *record.Next(rang).Step}
	for {
		_, err := a.CreateConversation(t.Context(), in)
		if err == nil {
			return time.Since(rang)
		}
		var failed *temporal.ApplicationError
		if !errors.As(err, &failed) || failed.NonRetryable() {
			t.Errorf("%s: %v", key, err)
			return 0
		}
		<-time.After(failed.NextRetryDelay())
		in.MayBeDone = true
	}
}

func TestOneLongWaitOfKustomersCostsNoCallMoreThanAboutAMinute(t *testing.T) {
	s := sandbox.New(sandbox.Config{APIKey: apiKey})
	s.Inject(sandbox.Fault{Kind: sandbox.FaultStatus, Status: 429, RetryAfter: "3599", Times: 1})
	synctest.Test(t, func(t *testing.T) {
		worker, another := workerOf(t, s), workerOf(t, s)
		var calls sync.WaitGroup
		for i := range 60 {
			calls.Go(func() {
				took := worker.opens(t, fmt.Sprint("k-", i))
				require.Less(t, took, 75*time.Second, i)
				if i > 15 { // rang after the minute
					require.Less(t, took, time.Second, i)
				}
			})
			<-time.After(5 * time.Second)
			if i == 10 {
				require.Equal(t, 1, s.State().RequestTotal, "Kustomer is left alone for the minute")
				require.Less(t, another.opens(t, "k-of-a-worker-that-was-started-again"), time.Second)
			}
		}
		calls.Wait()
		require.Len(t, s.State().Conversations, 61)
	})
}

func TestWaitingStepReportsKustomersWait(t *testing.T) {
	s := sandbox.New(sandbox.Config{APIKey: apiKey})
	s.Inject(sandbox.Fault{Kind: sandbox.FaultStatus, Status: 429, RetryAfter: "3599"})
	synctest.Test(t, func(t *testing.T) {
		worker := workerOf(t, s)
		record := call.Record{Key: "k-1", Started: noon, Limits: call.DefaultLimits}
		record.Add(call.Event{Kind: call.Inbound, Leg: call.Leg{ID: "k-1", From: caller, CreatedAt: noon}}, noon)
		for _, says := range []string{
			"Kustomer asks for a wait of 59m59s, and is asked again after a minute",
			"asks for a wait until 2000-01-01 00:59:59 UTC: one request a minute asks again",
		} {
			_, err := worker.CreateConversation(t.Context(), StepInput{Step: *record.Next(noon).Step})
			require.ErrorContains(t, err, says)
			require.Equal(t, RateLimited, failureOf(t, err).Type())
			require.LessOrEqual(t, failureOf(t, err).NextRetryDelay(), time.Minute+6*time.Second)
		}
	})
}
