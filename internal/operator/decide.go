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
	// watchFor is how long a call is watched after a decision, for Kustomer to refuse once more.
	watchFor   = 2 * time.Second
	watchEvery = 200 * time.Millisecond
)

// ErrNotAllGoOn makes the exit code tell scripts what the lines above it tell people.
var ErrNotAllGoOn = errors.New("not every call goes on: see above")

// Decision is an operator's, on parked calls.
type Decision struct {
	Operator *Operator
	Update   string // its name: retry, amend or skip
	Args     []any
	Timeout  time.Duration // how long a call may take to accept it
	Out      io.Writer     // what came of it, a line for each call
}

// On decides on one call after the other and prints what came of each.
func (d *Decision) On(ctx context.Context, ids []string) error {
	var failed error
	for _, id := range ids {
		c, err := d.Operator.call(ctx, id)
		outcome := ""
		if err == nil {
			id = c.CallID // of which the beginning is enough
			outcome, err = d.decide(ctx, c)
		}
		var away *serviceerror.Unavailable
		if errors.As(err, &away) || ctx.Err() != nil { // the next would fare no better
			return fmt.Errorf("call %s, and any named after it, may still be parked: %w", id, d.Operator.Unreached(err))
		}
		if err != nil {
			outcome, failed = err.Error(), ErrNotAllGoOn
		}
		fmt.Fprintf(d.Out, "call %s: %s\n", id, outcome)
	}
	return failed
}

// decide takes the decision to one call. It fails where the call does not go on.
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
		// Accepted first, completed in Get: a time-out then tells which of the two it was.
		WaitForStage: client.WorkflowUpdateStageAccepted,
	})
	if err != nil {
		return "", d.explain(ctx, id, err)
	}
	var state workflows.State
	err = update.Get(waiting, &state)
	var late *client.WorkflowUpdateServiceTimeoutOrCanceledError
	isLate := waiting.Err() != nil || errors.As(err, &late) // the server tells at times before the clock does
	if err != nil && isLate && ctx.Err() == nil {
		// No failure: the decision is part of the run and will be carried out.
		return fmt.Sprintf("the decision was accepted, but is not carried out after %s: `starter parked` tells if it is refused again", d.Timeout), nil
	}
	if err != nil {
		return "", d.explain(ctx, id, err)
	}
	return whatCame(d.watch(ctx, id, state))
}

// canRead refuses to decide on a call that is encrypted with a key that is not
// set here: its answer could not be read, and an amendment would be stored in the clear.
func (d *Decision) canRead(ctx context.Context, id string) error {
	ctx, cancel := context.WithTimeout(ctx, watchFor)
	defer cancel()
	_, err := d.Operator.askState(ctx, workflowID(id))
	var unknown *codec.UnknownKeyError
	if errors.As(err, &unknown) {
		return unknown
	}
	return nil // what else there is to say of it, the decision's answer says
}

// watch follows a call until the step that was decided on is over, as far as
// that is soon: an answer can only say that the step is tried again.
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

// isUnderWay reports whether a call waits for a step, not for a report.
func isUnderWay(state workflows.State) bool {
	return state.Step != nil && state.Phase != workflows.Parked
}

// whatCame says what came of a decision.
func whatCame(state workflows.State) (outcome string, err error) {
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

// explain says in words why a call did not take the decision.
func (d *Decision) explain(ctx context.Context, id string, err error) error {
	var (
		refused *temporal.ApplicationError
		closed  *serviceerror.NotFound
		late    *client.WorkflowUpdateServiceTimeoutOrCanceledError
	)
	switch {
	case errors.As(err, &refused):
		return errors.New(refused.Message())
	case errors.As(err, &closed): // a moment ago it was not
		c, err := d.Operator.call(ctx, id)
		return cmp.Or(err, d.tooLate(c))
	case errors.As(err, &late) && ctx.Err() == nil:
		return fmt.Errorf("nobody has taken the decision within %s, and it may be lost: see that a worker runs, and decide again", d.Timeout)
	default:
		return err
	}
}

// tooLate says that a run has ended, and how.
func (d *Decision) tooLate(c Call) error {
	if c.endedEarly() {
		return fmt.Errorf("its run has ended (%s): there is nothing to %s. `starter show %s` says what was left undone", c.Status, d.Update, c.CallID)
	}
	return fmt.Errorf("is over: there is nothing to %s", d.Update)
}
