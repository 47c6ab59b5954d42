// Package workflows contains CallWorkflow, the Temporal workflow that runs each phone call.
// One call is one workflow execution. Webhooks arrive as signals, [call.Record] decides
// what to do next, and the workflow executes the activities of package activities.
//
// The package does no I/O and reads no clock, so that Temporal can replay it. It knows
// nothing about the formats of Kustomer and babelforce.
package workflows

import (
	"time"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"github.com/callthread/callthread/activities"
	"github.com/callthread/callthread/call"
)

// CallWorkflow runs one phone call. It opens the call's conversation while the phone rings,
// assigns it to each agent who picks up, and writes the outcome when the call has ended. It
// completes when the call is over and everything is written. If an operator cancels it, it
// completes at once.
//
// The result is a pointer because it is large: as a value it would stay on the stack of every
// call in memory.
func CallWorkflow(ctx workflow.Context, in CallInput) (*Ended, error) {
	r, err := start(ctx, in)
	if err != nil {
		return nil, err
	}
	for err == nil && !r.done {
		r.receive(ctx)
		switch next := r.record.Next(workflow.Now(ctx)); {
		case next.Step != nil:
			err = r.perform(ctx, next.Step)
		case next.Wait.For != "":
			err = r.await(ctx, next.Wait)
		default:
			err = r.finish(ctx)
		}
	}
	if temporal.IsCanceledError(err) {
		return nil, r.cancel(ctx)
	}
	if err != nil {
		return nil, err
	}
	return r.ended(ctx), nil
}

// ownCall rejects a run whose workflow id does not belong to the call in its input. Two
// runs for one call would share its conversation and undo each other's changes. It wraps
// CallWorkflow, because a history that is replayed elsewhere does not contain the id of its
// run.
func ownCall(ctx workflow.Context, in CallInput) (*Ended, error) {
	id := workflow.GetInfo(ctx).WorkflowExecution.ID
	isOwn := in.Key != "" && id == in.workflowID() && (in.First == nil || in.First.Leg.Key() == in.Key) && (in.Earlier == nil || in.Earlier.Record.Key == in.Key)
	if !isOwn {
		return nil, temporal.NewNonRetryableApplicationError(
			"the input does not belong to call "+CallKey(id)+": only the webhook receiver starts calls", "NotOwnCall", nil)
	}
	return CallWorkflow(ctx, in)
}

// run is the state of one workflow execution.
type run struct {
	record       call.Record
	conversation activities.Conversation // as the last step left it
	shadow       *Shadow                 // nil for a live call
	progress     Progress
	answers      Answers

	step      *StepState // the current step, nil if there is none
	slow      bool       // the step takes so long that operators should know
	parked    *parked    // set while the call waits for an operator's decision
	wait      call.Wait
	deadline  timer
	decided   workflow.Channel // wakes the run after an operator's decision
	listed    listed           // the search attributes that were upserted last
	marked    []Mark           // the value of CallMarks that was upserted last
	done      bool             // the run completes once all updates are answered
	cancelled bool             // by an operator: the run waits for nothing and writes nothing more

	isReopened bool // the run continues a completed run
	mayBeDone  bool // an earlier run may have done steps of this call
	isOld      bool // Temporal may have deleted such a run
	began      int  // the length of the history in the first workflow task
}

// timer is the open timer, if there is one.
type timer struct {
	future workflow.Future
	cancel workflow.CancelFunc
	until  time.Time
}

func start(ctx workflow.Context, in CallInput) (*run, error) {
	info := workflow.GetInfo(ctx)
	r := &run{
		record:  call.Record{Key: in.Key, Started: workflow.Now(ctx), Limits: in.Limits.WithDefaults()},
		decided: workflow.NewBufferedChannel(ctx, 1),
		listed:  listedAtStart(ctx),
		began:   info.GetCurrentHistoryLength(),
		// After a reset, the run begins with steps that the earlier run may have done.
		mayBeDone: info.OriginalRunID != "" && info.OriginalRunID != info.WorkflowExecution.RunID,
	}
	if in.Earlier != nil {
		r.resume(*in.Earlier)
	}
	if in.Shadow {
		r.shadow = &Shadow{}
		r.log(r.record.Started, "shadow: nothing is written to Kustomer")
	}
	if in.First != nil {
		r.add(ctx, in.First.Kind, *in.First)
	}
	return r, r.handleRequests(ctx)
}

// resume restores the state in which the call's last run completed.
func (r *run) resume(from Carried) {
	limits := r.record.Limits
	r.record, r.conversation, r.answers, r.progress = from.Record, from.Conversation, from.Answers, from.Progress
	r.record.Limits, r.isReopened = limits, true
}

// ended returns the result of the run.
func (r *run) ended(ctx workflow.Context) *Ended { return &Ended{r.answer(ctx), r.carried()} }

// carried returns the state from which a later run continues.
func (r *run) carried() Carried { return Carried{r.record, r.conversation, r.answers, r.progress} }

// await waits for the next report, but not longer than the deadline.
func (r *run) await(ctx workflow.Context, wait call.Wait) error {
	r.wait = wait
	r.arm(ctx, wait)
	if err := r.publish(ctx); err != nil {
		return err
	}
	return r.next(ctx, r.deadline.future)
}

// arm opens the timer for a deadline. If an open timer fires earlier, arm keeps it; when it
// has fired, the call waits for the remaining time.
func (r *run) arm(ctx workflow.Context, wait call.Wait) {
	if open := r.deadline; open.future != nil && !open.future.IsReady() {
		if !open.until.After(wait.Until) {
			return
		}
		open.cancel()
	}
	timerCtx, cancel := workflow.WithCancel(ctx)
	options := workflow.TimerOptions{Summary: "time limit for " + wait.For.InWords()}
	future := workflow.NewTimerWithOptions(timerCtx, wait.Until.Sub(workflow.Now(ctx)), options)
	r.deadline = timer{future, cancel, wait.Until}
}

// finish completes the run after all updates have been answered, unless another report
// arrives before that.
func (r *run) finish(ctx workflow.Context) error {
	if r.shadow != nil && r.shadow.Vendor == nil {
		return r.compareWithVendor(ctx)
	}
	r.wait, r.done = call.Wait{}, true
	if err := r.publish(ctx); err != nil {
		return err
	}
	if err := workflow.Await(ctx, func() bool { return workflow.AllHandlersFinished(ctx) }); err != nil {
		return err
	}
	r.receive(ctx)
	if r.record.Next(workflow.Now(ctx)) != (call.Next{}) {
		r.done = false
		return nil
	}
	r.log(workflow.Now(ctx), "over: "+r.record.Expected().Outcome.InWords())
	return r.publish(ctx)
}

// cancel completes the run at once, because an operator cancelled it. The log lists what is
// left undone. A cancelled run has no result, so the error contains the state.
func (r *run) cancel(ctx workflow.Context) error {
	lasting, _ := workflow.NewDisconnectedContext(ctx)
	if err := workflow.Await(lasting, func() bool { return workflow.AllHandlersFinished(lasting) }); err != nil {
		return err
	}
	if r.parked != nil {
		r.parked, r.step = nil, nil
	}
	r.cancelled = true
	s, now := r.answer(ctx), workflow.Now(ctx)
	r.log(now, "cancelled by an operator: nothing more is written")
	for _, what := range s.LeftUndone() {
		r.log(now, "left undone: "+what)
	}
	if err := r.publish(ctx); err != nil {
		return err
	}
	return temporal.NewCanceledError(s)
}
