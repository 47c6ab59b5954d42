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

// failure converts an error of the log into an application failure. Its type is the kind of the
// log's error. Kinds that do not pass without an operator are non-retryable.
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

// isOfOneCall reports whether to go on with other calls after an error: the rows of this call
// cannot be read, or the activity is not tried again.
func isOfOneCall(ctx context.Context, err error) bool {
	switch calllog.KindOf(err) {
	case calllog.NotUnderstood, calllog.FilterIgnored:
		return true
	case calllog.Unauthorized, calllog.Unavailable, calllog.RateLimited:
		return false
	}
	return ctx.Err() == nil && activity.IsActivity(ctx) && activity.GetInfo(ctx).Attempt >= attempts
}

// orUnread returns the verdict of a call. If only this call could not be judged because of an
// error, it adds a gap, and the call is judged later.
func (c *Comparison) orUnread(ctx context.Context, id string, rang time.Time, v Verdict, err error) (Verdict, error) {
	switch {
	case err == nil:
		return v, nil
	case !isOfOneCall(ctx, err):
		return v, failure(err)
	}
	c.Gaps = append(c.Gaps, Gap{Window: Window{rang, rang.Add(time.Second)}, Kind: calllog.KindOf(err), Why: "call " + id + ": " + err.Error()})
	return Verdict{CallID: id, Rang: rang, Result: NotYet, Why: Unread}, nil
}

// kindOf returns the kind of the log's error in an activity's failure, or "" for another failure.
func kindOf(err error) calllog.Kind {
	var failed *temporal.ApplicationError
	if errors.As(err, &failed) {
		return calllog.Kind(failed.Type())
	}
	return ""
}

const (
	// heartbeats is the interval between heartbeats. After heartbeatTimeout without one, the attempt
	// fails and Temporal retries the activity.
	heartbeats       = 5 * time.Second
	heartbeatTimeout = 20 * time.Second
)

// alive sends heartbeats until end is called. The details are available to the next attempt.
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

// remembers returns how long Temporal keeps a closed run: the namespace's retention.
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
