package workflows

import (
	"cmp"
	"context"
	"time"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"github.com/callthread/callthread/activities"
	"github.com/callthread/callthread/call"
)

// steps refers to the activities by name. It is never called.
var steps *activities.Activities

// attempt says what preceded an attempt at a step.
type attempt struct {
	mayBeDone bool // the step may have been done before, in full or in part
	decided   bool // an operator asked for the attempt
	amend     *activities.Amendment
}

// perform runs one step. While Kustomer refuses it, the call is parked until an operator
// retries, amends or skips the step. Only a skipped step is never written.
func (r *run) perform(ctx workflow.Context, step *call.Step) (err error) {
	r.step = &StepState{Causes: step.Causes, Since: workflow.Now(ctx)}
	defer func() {
		r.slow = false
		if !temporal.IsCanceledError(err) { // the step may be done, and the state contains it
			r.step = nil
		}
	}()
	if rang := step.Is.Opening.Leg.CreatedAt; step.Has(call.Rang) && !rang.IsZero() && workflow.Now(ctx).Sub(rang) > oldCall {
		r.mayBeDone, r.isOld = true, true
	}
	for a := (attempt{mayBeDone: r.mayBeDone}); ; a.mayBeDone, a.decided = true, true {
		result, err := r.try(ctx, *step, a)
		if err == nil {
			r.complete(ctx, *step, result)
			return nil
		}
		if temporal.IsCanceledError(err) {
			return err
		}
		decision, err := r.park(ctx, *step, err)
		if err != nil {
			return err
		}
		if decision.name == UpdateSkip {
			r.progress.Skipped = append(r.progress.Skipped, step.InWords())
			r.record.Done(*step, call.Done{Skipped: true, Conversation: r.conversation.ID != ""})
			return nil
		}
		a.amend = cmp.Or(decision.amendment, a.amend)
	}
}

// try runs one attempt at a step: as a local activity if that is safe, and otherwise as a
// regular activity, which Temporal retries.
func (r *run) try(ctx workflow.Context, step call.Step, a attempt) (activities.StepResult, error) {
	in := activities.StepInput{
		Step: step, Conversation: r.conversation, Amend: a.amend, EarlierRun: r.mayBeDone, MayBeDone: a.mayBeDone || r.conversation.Deleted,
		Shadow: r.shadow != nil,
	}
	activity, isLocal := steps.UpdateConversation, r.updatesLocally(ctx, a, in)
	if step.Has(call.Rang) {
		activity, isLocal = steps.CreateConversation, r.opensLocally(ctx, in)
		in.MayBeDone = in.MayBeDone || !isLocal && r.began >= repeatedTask // the first workflow task may have been tried before
	}
	ctx = stepOptions(ctx, r.inMode(step.InWords()), r.priority(step))
	if isLocal {
		return r.tryLocally(ctx, step, activity, in)
	}
	return r.execute(ctx, activity, in)
}

// execute runs a step as a regular activity. Reports that arrive in the meantime are
// received and published.
func (r *run) execute(ctx workflow.Context, activity func(context.Context, activities.StepInput) (activities.StepResult, error), in activities.StepInput) (result activities.StepResult, err error) {
	if err := r.publish(ctx); err != nil {
		return result, err
	}
	future := workflow.ExecuteActivity(ctx, activity, in)
	late, cancel := r.slowTimer(ctx)
	defer cancel()
	for !future.IsReady() {
		futures := []workflow.Future{future}
		if !r.slow {
			futures = append(futures, late)
		}
		if err := r.next(ctx, futures...); err != nil {
			return result, err
		}
		if r.slow = r.slow || late.IsReady(); !future.IsReady() {
			if err := r.publish(ctx); err != nil {
				return result, err
			}
		}
	}
	err = future.Get(ctx, &result)
	return result, err
}

// slowAfter is the duration after which operators see that the call waits for Kustomer.
const slowAfter = 10 * time.Second

func (r *run) slowTimer(ctx workflow.Context) (workflow.Future, workflow.CancelFunc) {
	ctx, cancel := workflow.WithCancel(ctx)
	if r.slow {
		return nil, cancel
	}
	return workflow.NewTimerWithOptions(ctx, slowAfter, workflow.TimerOptions{Summary: "until the step counts as slow"}), cancel
}

// priority returns the task priority of a step. A call that is over yields to calls that
// ring now.
func (r *run) priority(step call.Step) int {
	priority := map[call.Cause]int{
		call.Rang: activities.PriorityRing, call.Ended: activities.PriorityOutcome,
		call.RecordingAvailable: activities.PriorityCatchUp, call.WrapUpOver: activities.PriorityCatchUp,
		call.CustomerReached: activities.PriorityCatchUp,
	}[step.Causes[0]] // the most urgent
	priority = cmp.Or(priority, activities.PriorityHandOver)
	if r.record.Added != nil || priority < activities.PriorityOutcome && r.record.IsLineClosed() {
		return activities.PriorityCatchUp
	}
	return priority
}

// complete records the result of a step.
func (r *run) complete(ctx workflow.Context, step call.Step, result activities.StepResult) {
	wasDeleted := r.conversation.Deleted
	r.conversation = result.Conversation
	r.record.Done(step, call.Done{Conversation: result.Conversation.ID != "", Expects: result.Expects, Agents: result.Agents, Placer: result.Placer})
	r.answers.Joined = r.answers.Joined || result.Joined
	r.answers.Ignored = r.answers.Ignored || result.Ignored
	r.answers.CallerHash = cmp.Or(result.CallerHash, r.answers.CallerHash)
	r.answers.Automations = cmp.Or(r.answers.Automations, result.Automations)
	at := cmp.Or(result.At, workflow.Now(ctx))
	if !r.conversation.Deleted {
		for _, cause := range step.Causes {
			r.log(at, r.inMode(doneInWords(cause, step, result)))
		}
		r.measure(step, at)
	}
	r.withheld(step, at, result)
	if result.Caller != "" {
		r.answers.Caller = result.Caller
		r.log(at, "it belongs to "+result.Caller)
	}
	r.warn(at, result.Warnings)
	if r.conversation.Deleted && !wasDeleted {
		r.warn(at, []string{"the conversation was deleted in Kustomer: nothing more can be written to it"})
	}
}

// measure records how long the two steps took that an agent waits for.
func (r *run) measure(step call.Step, at time.Time) {
	switch {
	case step.Is.Added != nil: // no agent waited
	case step.Has(call.Rang) && r.conversation.ID != "" && len(r.record.Reports) > 0:
		r.progress.RingToConversationMS = at.Sub(r.record.Reports[0].ReceivedAt).Milliseconds()
	case step.Has(call.PickedUp) && r.progress.BridgeToUpdateMS == 0:
		if reported := step.NewPickUps()[0].ReceivedAt; !reported.IsZero() {
			r.progress.BridgeToUpdateMS = at.Sub(reported).Milliseconds()
		}
	}
}

func (r *run) log(at time.Time, text string) {
	r.record.Entries = append(r.record.Entries, call.Entry{At: at, Text: text})
}

// warn records warnings about the conversation in the call's log and state.
func (r *run) warn(at time.Time, warnings []string) {
	r.progress.Warnings = append(r.progress.Warnings, warnings...)
	for _, warning := range warnings {
		r.log(at, "warning: "+warning)
	}
}
