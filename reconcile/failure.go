package reconcile

import (
	"context"
	"errors"
	"fmt"
	"time"

	"go.temporal.io/api/serviceerror"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/temporal"

	"github.com/callthread/callthread/babelforce/calllog"
)

// failure tells Temporal which failures of the log pass by themselves. The type
// of the failure is the kind of the log's error.
func failure(err error) error {
	var log *calllog.Error
	if !errors.As(err, &log) {
		return err
	}
	options := temporal.ApplicationErrorOptions{NextRetryDelay: log.RetryAfter}
	switch log.Kind {
	case calllog.Unauthorized, calllog.FilterIgnored, calllog.NotUnderstood:
		options.NonRetryable = true
	}
	return temporal.NewApplicationErrorWithOptions(log.Error(), string(log.Kind), options)
}

// kindOf is the kind of the log's error in an activity's failure, "" of any other.
func kindOf(err error) calllog.Kind {
	var failed *temporal.ApplicationError
	if errors.As(err, &failed) {
		return calllog.Kind(failed.Type())
	}
	return ""
}

const (
	// heartbeats are so far apart, and the worker of an activity counts as dead without one for so long.
	heartbeats       = 5 * time.Second
	heartbeatTimeout = 20 * time.Second
)

// alive has an activity show that it lives, with what the next attempt is to know, until it ends.
func alive(ctx context.Context, details func() any) (end func()) {
	if !activity.IsActivity(ctx) {
		return func() {}
	}
	ended := make(chan struct{})
	go func() {
		tick := time.NewTicker(heartbeats)
		defer tick.Stop()
		for {
			activity.RecordHeartbeat(ctx, details())
			select {
			case <-tick.C:
			case <-ended:
				return
			}
		}
	}()
	return func() { close(ended) }
}

// remembers is how long Temporal keeps a run that has ended.
func (a *Activities) remembers(ctx context.Context) (time.Duration, error) {
	described, err := a.Temporal.WorkflowService().DescribeNamespace(ctx, &workflowservice.DescribeNamespaceRequest{Namespace: a.Namespace})
	var missing *serviceerror.NamespaceNotFound
	if errors.As(err, &missing) {
		return 0, temporal.NewNonRetryableApplicationError(missing.Error(), "NamespaceNotFound", nil)
	}
	if err != nil {
		return 0, fmt.Errorf("describe namespace %s: %w", a.Namespace, err)
	}
	return described.GetConfig().GetWorkflowExecutionRetentionTtl().AsDuration(), nil
}
