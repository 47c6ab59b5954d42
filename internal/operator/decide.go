package operator

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"go.temporal.io/api/serviceerror"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/temporal"

	"github.com/callthread/callthread/internal/codec"
	"github.com/callthread/callthread/workflows"
)

const (
	// watchFor is how long a call is watched after a decision, in case Kustomer refuses again.
	watchFor   = 2 * time.Second
	watchEvery = 200 * time.Millisecond
)

// ErrNotAllGoOn is returned if a decision failed for at least one call. It sets the exit code;
// the printed lines contain the reasons.
var ErrNotAllGoOn = errors.New("not every call goes on: see above")

// Decision is an operator's decision on parked calls: to retry, to amend or to skip the step
// that Kustomer refused.
type Decision struct {
	Operator *Operator
	Update   string // name of the workflow update: retry, amend or skip
	Args     []any
	Timeout  time.Duration // for each call to accept and apply the decision
	Out      io.Writer     // receives the outcome, a line for each call
}

// On applies the decision to the calls in turn and prints the outcome of each. It returns
// [ErrNotAllGoOn] if the decision failed for a call. It stops if Temporal is unavailable.
func (d *Decision) On(ctx context.Context, ids []string) error {
	var failed error
	for _, id := range ids {
		c, err := d.Operator.call(ctx, id)
		outcome := ""
		if err == nil {
			id = c.CallID // an operator may give only the beginning of the id
			outcome, err = d.decide(ctx, c)
		}
		var unavailable *serviceerror.Unavailable
		if errors.As(err, &unavailable) || ctx.Err() != nil { // the next call would fail too
			return fmt.Errorf("call %s, and any named after it, may still be parked: %w", id, d.Operator.Unreached(err))
		}
		if err != nil {
			outcome, failed = err.Error(), ErrNotAllGoOn
		}
		fmt.Fprintf(d.Out, "call %s: %s\n", id, outcome)
	}
	return failed
}

// decide sends the decision to one call. It fails if the call does not go on.
func (d *Decision) decide(ctx context.Context, c Call) (outcome string, err error) {
	id := c.CallID
	if c.isOver() {
		return "", d.tooLate(c)
	}
	if err := d.canRead(ctx, id); err != nil {
		return "", err
	}
	waiting, cancel := context.WithTimeout(ctx, d.Timeout)
	defer cancel()
	update, err := d.Operator.Temporal.UpdateWorkflow(waiting, client.UpdateWorkflowOptions{
		WorkflowID: workflowID(id),
		UpdateName: d.Update,
		Args:       d.Args,
		// Get waits for completion, so that a timeout shows whether the update was accepted.
		WaitForStage: client.WorkflowUpdateStageAccepted,
	})
	if err != nil {
		return "", d.explain(ctx, id, err)
	}
	var state workflows.State
	err = update.Get(waiting, &state)
	var late *client.WorkflowUpdateServiceTimeoutOrCanceledError
	isLate := waiting.Err() != nil || errors.As(err, &late) // the server may time out before the client
	if err != nil && isLate && ctx.Err() == nil {
		// This is no failure: the update is in the history and will be applied.
		return fmt.Sprintf("the decision was accepted, but not carried out within %s: `starter parked` lists the call if Kustomer refuses again", d.Timeout), nil
	}
	if err != nil {
		return "", d.explain(ctx, id, err)
	}
	return outcomeOf(d.watch(ctx, id, state))
}

// canRead returns an error if the call is encrypted with a key that is not set here. Its answer
// could not be decrypted, and an amendment would be stored unencrypted.
func (d *Decision) canRead(ctx context.Context, id string) error {
	ctx, cancel := context.WithTimeout(ctx, watchFor)
	defer cancel()
	_, err := d.Operator.askState(ctx, workflowID(id))
	var unknown *codec.UnknownKeyError
	if errors.As(err, &unknown) {
		return unknown
	}
	return nil // the update reports any other error
}

// watch polls a call until the retried step has ended, for at most watchFor. The answer to the
// update says only that the step is tried again.
func (d *Decision) watch(ctx context.Context, id string, state workflows.State) workflows.State {
	ctx, cancel := context.WithTimeout(ctx, watchFor)
	defer cancel()
	tick := time.NewTicker(watchEvery)
	defer tick.Stop()
	for isUnderWay(state) {
		select {
		case <-ctx.Done():
			return state
		case <-tick.C:
		}
		if latest, err := d.Operator.askState(ctx, workflowID(id)); err == nil {
			state = latest
		}
	}
	return state
}

// isUnderWay reports whether a call waits for an activity, not for an event.
func isUnderWay(state workflows.State) bool {
	return state.Step != nil && state.Phase != workflows.Parked
}

// outcomeOf describes the outcome of a decision.
func outcomeOf(state workflows.State) (outcome string, err error) {
	if state.Phase == workflows.Parked {
		return "", errors.New("parked again: " + oneLine(state.ParkedBecause))
	}
	outcome = "goes on"
	if state.WaitsFor == "" {
		outcome = "is complete"
	}
	if state.ConversationID != "" {
		outcome += " (conversation " + state.ConversationID + ")"
	}
	if isUnderWay(state) {
		outcome += ", and waits for Kustomer to " + state.Step.InWords()
	}
	return outcome, nil
}

// explain turns the error of an update into words for the operator.
func (d *Decision) explain(ctx context.Context, id string, err error) error {
	var (
		refused *temporal.ApplicationError
		closed  *serviceerror.NotFound
		late    *client.WorkflowUpdateServiceTimeoutOrCanceledError
	)
	switch {
	case errors.As(err, &refused):
		return errors.New(refused.Message())
	case errors.As(err, &closed): // the run ended after it was read
		c, err := d.Operator.call(ctx, id)
		return cmp.Or(err, d.tooLate(c))
	case errors.As(err, &late) && ctx.Err() == nil:
		return fmt.Errorf("no worker has accepted the decision within %s, and it may be lost: check that a worker runs, and decide again", d.Timeout)
	default:
		return err
	}
}

// tooLate is the error for a run that has ended.
func (d *Decision) tooLate(c Call) error {
	if c.endedEarly() {
		return fmt.Errorf("its run has ended (%s): there is nothing to %s. `starter show %s` lists what was not written", c.Status, d.Update, c.CallID)
	}
	return fmt.Errorf("is over: there is nothing to %s", d.Update)
}
