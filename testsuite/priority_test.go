package testsuite

import (
	"fmt"
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/client"

	"github.com/callthread/callthread/activities"
	"github.com/callthread/callthread/automation/load"
	"github.com/callthread/callthread/call"
	"github.com/callthread/callthread/internal/app"
	"github.com/callthread/callthread/kustomer"
	"github.com/callthread/callthread/kustomer/sandbox"
	"github.com/callthread/callthread/testsuite/stage"
	"github.com/callthread/callthread/workflows"
)

// gate is a transport that holds every request until it is closed.
type gate chan struct{}

func (g gate) RoundTrip(r *http.Request) (*http.Response, error) {
	select {
	case <-g:
		return http.DefaultTransport.RoundTrip(r)
	case <-r.Context().Done():
		return nil, r.Context().Err()
	}
}

// awaitStep waits until a step of a call is due.
func awaitStep(t *testing.T, s *stage.Stage, key string) {
	t.Helper()
	require.Eventually(t, func() bool {
		described, err := s.Temporal.DescribeWorkflowExecution(t.Context(), workflows.WorkflowID(key), "")
		return err == nil && len(described.GetPendingActivities()) == 1
	}, stage.WaitLimit, 5*time.Millisecond)
}

// After an outage, hundreds of calls that are over wait for their conversations. A call that rings
// now must not wait behind them.
func TestRingOvertakesWhatIsLeftOfAnOutage(t *testing.T) {
	t.Parallel()
	s := stage.Set(t)
	const queue, backlog = "one step at a time", 12
	// A conversation takes a while, so that there is a backlog.
	s.Sandbox.Inject(sandbox.Fault{Method: "POST", Route: "/v1/conversations", Kind: sandbox.FaultLatency, Latency: 100 * time.Millisecond})
	start := func(key string, first call.Event) client.WorkflowRun {
		first.Leg.ID, first.Leg.From, first.ReceivedAt = key, "+493023125042", time.Now()
		run, err := s.Temporal.ExecuteWorkflow(t.Context(), client.StartWorkflowOptions{ID: workflows.WorkflowID(key), TaskQueue: queue},
			workflows.CallWorkflow, workflows.CallInput{Key: key, First: &first, Limits: call.Limits{Settle: time.Millisecond}})
		require.NoError(t, err)
		return run
	}
	key := func(n int) string { return fmt.Sprintf("%s-%d", t.Name(), n) }
	var runs []client.WorkflowRun
	for n := range backlog {
		runs = append(runs, start(key(n), call.Event{Kind: call.Finished, Leg: call.Leg{FinishReason: "hangup"}}))
	}
	held := make(gate)
	c, err := kustomer.New(kustomer.Config{BaseURL: s.KustomerURL, APIKey: stage.SandboxKey, Transport: held, Timeout: stage.WaitLimit})
	require.NoError(t, err)
	worker := app.NewWorker(s.Temporal, queue, activities.New(c, sync.OnceValue(load.Default), ""), 1, nil)
	require.NoError(t, worker.Start())
	t.Cleanup(worker.Stop)
	for n := range backlog {
		awaitStep(t, s, key(n))
	}

	start(key(backlog), call.Event{Kind: call.Inbound})
	awaitStep(t, s, key(backlog))
	close(held)
	s.AwaitConversation(t, key(backlog))
	rang := s.OnlyConversation(t, key(backlog)).CreatedAt
	require.NoError(t, s.Temporal.SignalWorkflow(t.Context(), workflows.WorkflowID(key(backlog)), "", "finished",
		call.Event{Kind: call.Finished, Leg: call.Leg{ID: key(backlog), FinishReason: "hangup"}}))

	after := 0
	for n, run := range runs {
		require.NoError(t, run.Get(t.Context(), nil))
		if s.OnlyConversation(t, key(n)).CreatedAt.After(rang) {
			after++
		}
	}
	require.Greater(t, after, backlog/2, "calls that were over when the phone rang, and had their conversation later")
}
