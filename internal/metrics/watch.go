package metrics

import (
	"context"
	"time"

	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/converter"
	"go.temporal.io/sdk/interceptor"
	"go.temporal.io/sdk/workflow"
)

// receivedHeader is a header of each step with the time at which the call's first webhook was
// received, which is the start of the workflow. The times of the step itself do not include the
// time that the workflow waited for a worker.
const receivedHeader = "callthread-heard"

// InterceptActivity is called for each attempt of a step.
func (s *steps) InterceptActivity(_ context.Context, next interceptor.ActivityInboundInterceptor) interceptor.ActivityInboundInterceptor {
	watched := &attempt{steps: s}
	watched.Next = next
	return watched
}

type attempt struct {
	interceptor.ActivityInboundInterceptorBase
	steps *steps
}

// ExecuteActivity runs the attempt and counts its result.
func (a *attempt) ExecuteActivity(ctx context.Context, in *interceptor.ExecuteActivityInput) (any, error) {
	answer, err := a.Next.ExecuteActivity(ctx, in)
	name := activity.GetInfo(ctx).ActivityType.Name
	a.steps.attempts.WithLabelValues(name, resultOf(err)).Inc()
	if err == nil {
		a.steps.ended(name, in.Args[0], answer, receivedAt(ctx))
	}
	return answer, err
}

// receivedAt reads the header of a step; zero if it has none.
func receivedAt(ctx context.Context) (at time.Time) {
	if payload := interceptor.Header(ctx)[receivedHeader]; payload != nil {
		_ = converter.GetDefaultDataConverter().FromPayload(payload, &at)
	}
	return at
}

// InterceptWorkflow is called for each workflow and only adds the header. It does not change
// the workflow's commands, so a workflow that began without it can be replayed.
func (s *steps) InterceptWorkflow(_ workflow.Context, next interceptor.WorkflowInboundInterceptor) interceptor.WorkflowInboundInterceptor {
	watched := &run{}
	watched.Next = next
	return watched
}

type run struct {
	interceptor.WorkflowInboundInterceptorBase
}

// Init wraps the workflow's outbound interceptor.
func (r *run) Init(next interceptor.WorkflowOutboundInterceptor) error {
	watched := &request{}
	watched.Next = next
	return r.Next.Init(watched)
}

type request struct {
	interceptor.WorkflowOutboundInterceptorBase
}

// ExecuteActivity adds the header, unless the workflow was reset. A reset workflow repeats old
// steps, whose times measure no delay.
func (r *request) ExecuteActivity(ctx workflow.Context, step string, args ...any) workflow.Future {
	setReceived(ctx)
	return r.Next.ExecuteActivity(ctx, step, args...)
}

// ExecuteLocalActivity adds the header to a local activity.
func (r *request) ExecuteLocalActivity(ctx workflow.Context, step string, args ...any) workflow.Future {
	setReceived(ctx)
	return r.Next.ExecuteLocalActivity(ctx, step, args...)
}

func setReceived(ctx workflow.Context) {
	info := workflow.GetInfo(ctx)
	wasReset := info.OriginalRunID != "" && info.OriginalRunID != info.WorkflowExecution.RunID
	if payload, err := converter.GetDefaultDataConverter().ToPayload(info.WorkflowStartTime); err == nil && !wasReset {
		interceptor.WorkflowHeader(ctx)[receivedHeader] = payload
	}
}
