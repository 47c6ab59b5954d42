package webhook

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

// burst sends webhooks for different calls at once, and returns the status of each answer.
func (r *receiver) burst(n int, body func(i int) string) (statuses map[int]int) {
	answers := make(chan *httptest.ResponseRecorder, n)
	for i := range n {
		go func() {
			answer := httptest.NewRecorder()
			r.ServeHTTP(answer, raw("POST", "/webhooks/babelforce/call-inbound", "application/json", body(i)))
			answers <- answer
		}()
	}
	statuses = make(map[int]int)
	for range n {
		statuses[(<-answers).Code]++
	}
	return statuses
}

func smallEvent(i int) string { return `{"call.id":"call-` + strings.Repeat("i", i%100+1) + `"}` }

func TestBurstIsAcceptedInTime(t *testing.T) {
	withReceiver(t, func(t *testing.T, r *receiver) {
		began := time.Now()
		require.Equal(t, map[int]int{http.StatusAccepted: 800}, r.burst(800, smallEvent))
		require.LessOrEqual(t, time.Since(began), 2*time.Second)
	}, func(c *Config) { c.Rate = 200 })
}

func TestOnlyTooLongWaitsAreRefused(t *testing.T) {
	withReceiver(t, func(t *testing.T, r *receiver) {
		began := time.Now()
		// Three pass at once, then one a second while Temporal has at least a second left.
		require.Equal(t, map[int]int{http.StatusAccepted: 3 + 8, http.StatusTooManyRequests: 9}, r.burst(20, smallEvent))
		require.LessOrEqual(t, time.Since(began), answerWithin)
		require.Contains(t, r.logs.String(), `"msg":"webhook refused","event":"call-inbound","status":429`)

		refusedAt := time.Now()
		answer := r.post(t, "call-inbound")
		require.Equal(t, http.StatusAccepted, answer.status)
		require.LessOrEqual(t, time.Since(refusedAt), time.Second)
	}, func(c *Config) { c.Rate = 1 })
}

func TestRefusalForTheRateIsImmediate(t *testing.T) {
	withReceiver(t, func(t *testing.T, r *receiver) {
		r.post(t, "call-inbound")
		refused := r.post(t, "call-inbound")
		require.Equal(t, http.StatusTooManyRequests, refused.status)
		require.Equal(t, "1", refused.header.Get("Retry-After"))
		require.Zero(t, r.answered[1].Took)
	}, func(c *Config) { c.Rate = 0.01 })
}

func TestMemoryOfTheQueueIsLimited(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q, until := newQueue(1), time.Now().Add(time.Minute)
		passed := make(chan bool, 10)
		for range 3 + 4 { // the burst, and four that take all the memory
			go func() { passed <- q.wait(t.Context(), maxQueued/4-requestOverhead, until) }()
		}
		synctest.Wait()
		require.Len(t, passed, 3)
		require.False(t, q.wait(t.Context(), 0, until))
		<-time.After(time.Second)
		synctest.Wait()
		require.Len(t, passed, 4)
		require.True(t, q.wait(t.Context(), 0, until), "memory is free again")
		for range 3 + 4 {
			require.True(t, <-passed)
		}
	})
}

// The event was received: without it the call would be lost, and a 503 would raise an alert.
func TestEventIsAcceptedIfTheSenderLeaves(t *testing.T) {
	for name, wait := range map[string]func(*receiver, *testing.T){
		"in the queue": func(r *receiver, t *testing.T) { r.burst(3, smallEvent) },
		"while Temporal is": func(r *receiver, t *testing.T) {
			r.temporal.refuse = func(context.Context) error { <-time.After(time.Second); return nil }
		},
	} {
		withReceiver(t, func(t *testing.T, r *receiver) {
			wait(r, t)
			ctx, leave := context.WithCancel(t.Context())
			answered := make(chan int)
			go func() {
				answer := httptest.NewRecorder()
				r.ServeHTTP(answer, request("call-inbound").WithContext(ctx))
				answered <- answer.Code
			}()
			synctest.Wait()
			leave()
			require.Equal(t, http.StatusAccepted, <-answered, name)
			require.NotNil(t, r.temporal.runs[workflowID], name)
		}, func(c *Config) { c.Rate = 1 })
	}
}

// The answer must come within ten seconds, even after a wait in the queue and without Temporal.
func TestQueueLeavesTimeForARefusal(t *testing.T) {
	withReceiver(t, func(t *testing.T, r *receiver) {
		r.temporal.refuse = func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() }
		began := time.Now()
		require.Equal(t, map[int]int{http.StatusServiceUnavailable: 11}, r.burst(11, smallEvent))
		require.LessOrEqual(t, time.Since(began), answerWithin)
	}, func(c *Config) { c.Rate = 1 })
}
