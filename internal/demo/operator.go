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
	// rounds is how often the operator looks for parked calls.
	rounds = 2 * time.Second
	// decisionTimeout bounds one look at, or decision on, a call whose worker may just be dead.
	decisionTimeout = 10 * time.Second
	// firstBackoff and maxBackoff are between two requests to a Temporal that is away.
	firstBackoff = 100 * time.Millisecond
	maxBackoff   = 2 * time.Second
)

// operator has every parked call tried again, and notes those that do not say why they are parked.
type operator struct {
	temporal  client.Client
	taskQueue string // the calls of others in the same Temporal are none of ours

	mu        sync.Mutex
	parked    map[string]bool // keys
	causeless []string        // what was parked without a cause
}

// work goes on until the context ends. What fails, because something was
// killed, is left to the next round.
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

// decide looks why a call is parked, and lets it try again.
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
		o.causeless = append(o.causeless, fmt.Sprintf("call %s was parked and did not say why", key))
	}
}

// result is how many calls were parked, and which did not say why.
func (o *operator) result() (parked int, causeless []string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return len(o.parked), slices.Clone(o.causeless)
}

// await waits for a call's workflow to end, whatever happens to Temporal meanwhile.
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
