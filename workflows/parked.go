package workflows

import (
	"errors"
	"fmt"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"github.com/callthread/callthread/activities"
	"github.com/callthread/callthread/call"
)

// parked is the state of a call that waits for an operator's decision.
type parked struct {
	because  string // the reason in Kustomer's words
	brief    string // the reason without Kustomer's words, because the workflow list must contain no names
	decision decision
}

// decision is an operator's decision on a parked call.
type decision struct {
	name      string // the name of the update
	amendment *activities.Amendment
}

// park waits for an operator's decision on a step that Kustomer refused.
func (r *run) park(ctx workflow.Context, step call.Step, cause error) (decision, error) {
	because, brief := reason(cause)
	r.parked = &parked{
		because: fmt.Sprintf("could not %s: %s", step.InWords(), because),
		brief:   fmt.Sprintf("could not %s: %s", step.InWords(), brief),
	}
	r.log(workflow.Now(ctx), "parked: "+r.parked.because)
	workflow.GetLogger(ctx).Error("call is parked: an operator has to retry, amend or skip", "call", r.name(), "reason", r.parked.brief)
	for r.parked.decision.name == "" {
		if err := r.publish(ctx); err != nil {
			return decision{}, err
		}
		if err := r.next(ctx); err != nil {
			return decision{}, err
		}
	}
	made := r.parked.decision
	r.parked = nil
	r.log(workflow.Now(ctx), "operator's decision: "+made.name)
	return made, nil
}

// reason returns the cause of a failure without Temporal's wrapping. Because contains
// Kustomer's words, which may quote personal data; brief does not.
func reason(err error) (because, brief string) {
	var failed *temporal.ApplicationError
	if !errors.As(err, &failed) {
		return err.Error(), err.Error()
	}
	if !failed.HasDetails() || failed.Details(&brief) != nil {
		brief = failed.Type()
	}
	return failed.Message(), brief
}

// handleRequests registers the handlers of queries and updates.
func (r *run) handleRequests(ctx workflow.Context) error {
	conversation := func(ctx workflow.Context) (State, error) {
		err := workflow.Await(ctx, func() bool { return r.record.Opened != nil })
		return r.answer(ctx), err
	}
	amend := func(ctx workflow.Context, amendment activities.Amendment) (State, error) {
		return r.decide(ctx, decision{UpdateAmend, &amendment})
	}
	validate := func(amendment activities.Amendment) error {
		if err := r.mayDecide(UpdateAmend); err != nil {
			return err
		}
		return amendment.ValidateFor(r.step.Causes)
	}
	err := errors.Join(
		workflow.SetQueryHandler(ctx, QueryState, func() (State, error) { return r.answer(ctx), nil }),
		workflow.SetQueryHandler(ctx, QueryCarried, func() (Carried, error) { return r.carried(), nil }),
		workflow.SetUpdateHandler(ctx, UpdateAwaitConversation, conversation),
		workflow.SetUpdateHandlerWithOptions(ctx, UpdateAmend, amend, workflow.UpdateHandlerOptions{Validator: validate}),
	)
	for _, name := range []string{UpdateRetry, UpdateSkip} {
		handler := func(ctx workflow.Context) (State, error) { return r.decide(ctx, decision{name: name}) }
		options := workflow.UpdateHandlerOptions{Validator: func() error { return r.mayDecide(name) }}
		err = errors.Join(err, workflow.SetUpdateHandlerWithOptions(ctx, name, handler, options))
	}
	return err
}

func (r *run) mayDecide(name string) error {
	if r.parked == nil || r.parked.decision.name != "" {
		return temporal.NewApplicationError(fmt.Sprintf("is not parked: there is nothing to %s. `starter show %s` says what it waits for", name, r.name()), NotParked)
	}
	return nil
}

// decide hands an operator's decision to the run, and returns when it has been carried out.
func (r *run) decide(ctx workflow.Context, made decision) (State, error) {
	decided := r.parked
	decided.decision = made
	r.decided.SendAsync(true)
	err := workflow.Await(ctx, func() bool { return r.parked != decided })
	return r.answer(ctx), err
}
