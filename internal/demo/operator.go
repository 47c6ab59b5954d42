package demo

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"go.temporal.io/api/serviceerror"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/temporal"

	"github.com/callthread/callthread/workflows"
)

const (
	// rounds is the interval at which the operator looks for parked calls.
	rounds = 2 * time.Second
	// decisionTimeout bounds one query or decision for a call, because its worker may be dead.
	decisionTimeout = 10 * time.Second
	// firstBackoff and maxBackoff limit the time between two requests to an unavailable Temporal.
	firstBackoff = 100 * time.Millisecond
	maxBackoff   = 2 * time.Second
)

// operator retries every parked call and records those that give no reason.
type operator struct {
	temporal  client.Client
	taskQueue string // calls on other task queues of the same Temporal are left alone

	mu        sync.Mutex
	parked    map[string]bool // keys
	causeless []string        // calls that were parked without a reason
}

// work retries parked calls until the context ends. A retry that fails, because a process
// was killed, is repeated in the next round.
func (o *operator) work(ctx context.Context) {
	tick := time.NewTicker(rounds)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		listed, err := o.temporal.ListWorkflow(ctx, &workflowservice.ListWorkflowExecutionsRequest{
			Query: fmt.Sprintf("%s AND TaskQueue = '%s'", workflows.ParkedCalls, o.taskQueue),
		})
		if err != nil {
			continue
		}
		for _, run := range listed.GetExecutions() {
			o.decide(ctx, run.GetExecution().GetWorkflowId())
		}
	}
}

// decide queries why a call is parked and retries it.
func (o *operator) decide(ctx context.Context, workflowID string) {
	ctx, cancel := context.WithTimeout(ctx, decisionTimeout)
	defer cancel()
	var state workflows.State
	value, err := o.temporal.QueryWorkflow(ctx, workflowID, "", workflows.QueryState)
	if err != nil || value.Get(&state) != nil || state.Phase != workflows.Parked {
		return
	}
	o.note(workflows.CallKey(workflowID), state.ParkedBecause)
	handle, err := o.temporal.UpdateWorkflow(ctx, client.UpdateWorkflowOptions{
		WorkflowID: workflowID, UpdateName: workflows.UpdateRetry, WaitForStage: client.WorkflowUpdateStageCompleted,
	})
	if err == nil {
		_ = handle.Get(ctx, nil)
	}
}

func (o *operator) note(key, because string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.parked[key] = true
	if because == "" {
		o.causeless = append(o.causeless, fmt.Sprintf("call %s was parked without a reason", key))
	}
}

// result returns how many calls were parked, and which of them gave no reason.
func (o *operator) result() (parked int, causeless []string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return len(o.parked), slices.Clone(o.causeless)
}

// await waits for a call's workflow to end, also while Temporal is unavailable.
func await(ctx context.Context, c client.Client, key string) (state workflows.State, err error) {
	for backoff := firstBackoff; ; backoff = min(2*backoff, maxBackoff) {
		err = c.GetWorkflow(ctx, workflows.WorkflowID(key), "").Get(ctx, &state)
		var ended *temporal.WorkflowExecutionError
		var unknown *serviceerror.NotFound
		if err == nil || ctx.Err() != nil || errors.As(err, &ended) || errors.As(err, &unknown) {
			return state, err
		}
		sleep(ctx, backoff)
	}
}
