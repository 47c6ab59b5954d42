package metrics

import (
	"context"
	"time"

	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/converter"
	"go.temporal.io/sdk/interceptor"
	"go.temporal.io/sdk/workflow"
)

// heardHeader goes with each step and tells when its call was first heard of:
// the webhook of which Temporal took note by starting the call's run. The
// step's own times would leave out how long the run has waited for a worker.
const heardHeader = "callthread-heard"

// InterceptActivity is called for each attempt at a step.
func (s *steps) InterceptActivity(_ context.Context, next interceptor.ActivityInboundInterceptor) interceptor.ActivityInboundInterceptor {
	watched := &attempt{steps: s}
	watched.Next = next
	return watched
}

type attempt struct {
	interceptor.ActivityInboundInterceptorBase
	steps *steps
}

// ExecuteActivity makes the attempt and counts what comes of it.
func (a *attempt) ExecuteActivity(ctx context.Context, in *interceptor.ExecuteActivityInput) (any, error) {
	answer, err := a.Next.ExecuteActivity(ctx, in)
	name := activity.GetInfo(ctx).ActivityType.Name
	a.steps.attempts.WithLabelValues(name, resultOf(err)).Inc()
	if err == nil {
		a.steps.ended(name, in.Args[0], answer, heardAt(ctx))
	}
	return answer, err
}

// heardAt is what the header of a step says, zero where there is none.
func heardAt(ctx context.Context) (at time.Time) {
	if payload := interceptor.Header(ctx)[heardHeader]; payload != nil {
		_ = converter.GetDefaultDataConverter().FromPayload(payload, &at)
	}
	return at
}

// InterceptWorkflow is called for each run, and adds only the header. That
// changes nothing of what a run does: one that began without it is replayed.
func (s *steps) InterceptWorkflow(_ workflow.Context, next interceptor.WorkflowInboundInterceptor) interceptor.WorkflowInboundInterceptor {
	watched := &run{}
	watched.Next = next
	return watched
}

type run struct {
	interceptor.WorkflowInboundInterceptorBase
}

// Init puts us between the run and what it asks for.
func (r *run) Init(next interceptor.WorkflowOutboundInterceptor) error {
	watched := &request{}
	watched.Next = next
	return r.Next.Init(watched)
}

type request struct {
	interceptor.WorkflowOutboundInterceptorBase
}

// ExecuteActivity says when the call was first heard of, unless the run was
// reset: then it repeats steps of long ago, which tell of nobody's wait.
func (r *request) ExecuteActivity(ctx workflow.Context, step string, args ...any) workflow.Future {
	sayHeard(ctx)
	return r.Next.ExecuteActivity(ctx, step, args...)
}

// ExecuteLocalActivity says the same to a step that is tried within the workflow task.
func (r *request) ExecuteLocalActivity(ctx workflow.Context, step string, args ...any) workflow.Future {
	sayHeard(ctx)
	return r.Next.ExecuteLocalActivity(ctx, step, args...)
}

func sayHeard(ctx workflow.Context) {
	info := workflow.GetInfo(ctx)
	wasReset := info.OriginalRunID != "" && info.OriginalRunID != info.WorkflowExecution.RunID
	if payload, err := converter.GetDefaultDataConverter().ToPayload(info.WorkflowStartTime); err == nil && !wasReset {
		interceptor.WorkflowHeader(ctx)[heardHeader] = payload
	}
}
