package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/urfave/cli/v2"
	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/temporal"

	"github.com/callthread/callthread/internal/codec"
	"github.com/callthread/callthread/internal/config"
	"github.com/callthread/callthread/workflows"
)

const (
	// watchFor is how long a call is watched after a decision, for Kustomer to refuse once more.
	watchFor   = 2 * time.Second
	watchEvery = 200 * time.Millisecond
)

// errNotAllGoOn makes the exit code tell scripts what the lines above it tell people.
var errNotAllGoOn = errors.New("not every call goes on: see above")

// decider takes an operator's decision to parked calls.
type decider struct {
	update  string // its name, and that of the command
	args    []any
	timeout time.Duration
	server  config.Temporal
	calls   client.Client
	out     io.Writer
}

// decisionCommands are those with which an operator finishes parked calls.
func decisionCommands(out, logs io.Writer) []*cli.Command {
	return []*cli.Command{
		decisionCommand(workflows.UpdateRetry, "try the refused step of parked calls again", out, logs),
		amendCommand(out, logs),
		decisionCommand(workflows.UpdateSkip, "let parked calls go on without the refused step", out, logs),
	}
}

// decisionCommand is a decision that says all with its name.
func decisionCommand(update, usage string, out, logs io.Writer) *cli.Command {
	d := decider{update: update, out: out}
	var all bool
	return &cli.Command{
		Name:            update,
		Usage:           usage,
		ArgsUsage:       "<call id>...",
		Description:     d.help(),
		HideHelpCommand: true, // "help" may be a call's id
		Flags: append([]cli.Flag{
			&cli.BoolFlag{Name: "all", Usage: "every call that is parked", Destination: &all},
		}, d.flags()...),
		Action: func(c *cli.Context) error {
			if all == c.Args().Present() {
				return fmt.Errorf("name the calls to %s, as `starter parked` lists them, or pass --all: one of the two", update)
			}
			return d.run(c, logs, all)
		},
	}
}

func (d *decider) help() string {
	return "Says of each call what came of it, and fails if one of them does not go on.\n\n" + config.TemporalHelp
}

func (d *decider) flags() []cli.Flag {
	return append([]cli.Flag{
		&cli.DurationFlag{Name: "timeout", Usage: "how long to wait for each call to take the decision", Value: 30 * time.Second, Destination: &d.timeout},
	}, d.server.Encryption.Flags()...)
}

// run decides on the calls that were named, or on all that are parked.
func (d *decider) run(c *cli.Context, logs io.Writer, all bool) (err error) {
	if d.timeout <= 0 {
		return errors.New("--timeout must be above 0")
	}
	if d.calls, err = connect(&d.server, logs); err != nil {
		return err
	}
	defer d.calls.Close()
	ids := c.Args().Slice()
	if all {
		parked, err := listParked(c.Context, d.calls)
		if err != nil {
			return unreached(&d.server, err)
		}
		if len(parked) == 0 {
			return printParked(d.out, parked, false)
		}
		for _, p := range parked {
			ids = append(ids, p.CallID)
		}
	}
	return d.decideOn(c.Context, ids)
}

// decideOn decides on one call after the other and prints what came of each.
func (d *decider) decideOn(ctx context.Context, ids []string) error {
	var failed error
	for _, id := range ids {
		id = workflows.CallKey(id) // which may be given as its workflow's
		outcome, err := d.decide(ctx, id)
		var away *serviceerror.Unavailable
		if errors.As(err, &away) || ctx.Err() != nil { // the next would fare no better
			return fmt.Errorf("call %s, and any named after it, may still be parked: %w", id, unreached(&d.server, err))
		}
		if err != nil {
			outcome, failed = err.Error(), errNotAllGoOn
		}
		fmt.Fprintf(d.out, "call %s: %s\n", id, outcome)
	}
	return failed
}

// decide takes the decision to one call. It fails where the call does not go on.
func (d *decider) decide(ctx context.Context, id string) (outcome string, err error) {
	if err := d.canRead(ctx, id); err != nil {
		return "", err
	}
	waiting, cancel := context.WithTimeout(ctx, d.timeout)
	defer cancel()
	update, err := d.calls.UpdateWorkflow(waiting, client.UpdateWorkflowOptions{
		WorkflowID: workflows.WorkflowID(id),
		UpdateName: d.update,
		Args:       d.args,
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
		return fmt.Sprintf("the decision was accepted, but is not carried out after %s: `starter parked` tells if it is refused again", d.timeout), nil
	}
	if err != nil {
		return "", d.explain(ctx, id, err)
	}
	return whatCame(d.watch(ctx, id, state))
}

// canRead refuses to decide on a call that is encrypted with a key that is not
// set here: its answer could not be read, and an amendment would be stored in the clear.
func (d *decider) canRead(ctx context.Context, id string) error {
	ctx, cancel := context.WithTimeout(ctx, watchFor)
	defer cancel()
	_, err := askState(ctx, d.calls, workflows.WorkflowID(id))
	var unknown *codec.UnknownKeyError
	if errors.As(err, &unknown) {
		return unknown
	}
	return nil // what else there is to say of it, the decision's answer says
}

// watch follows a call until the step that was decided on is over, as far as
// that is soon: an answer can only say that the step is tried again.
func (d *decider) watch(ctx context.Context, id string, state workflows.State) workflows.State {
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
		if latest, err := askState(ctx, d.calls, workflows.WorkflowID(id)); err == nil {
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
func (d *decider) explain(ctx context.Context, id string, err error) error {
	var (
		refused *temporal.ApplicationError
		closed  *serviceerror.NotFound
		late    *client.WorkflowUpdateServiceTimeoutOrCanceledError
	)
	switch {
	case errors.As(err, &refused):
		return errors.New(refused.Message())
	case errors.As(err, &closed):
		return d.explainMissing(ctx, id)
	case errors.As(err, &late) && ctx.Err() == nil:
		return fmt.Errorf("nobody has taken the decision within %s, and it may be lost: is a worker running?", d.timeout)
	default:
		return err
	}
}

// explainMissing tells a call that is over from one that never was.
func (d *decider) explainMissing(ctx context.Context, id string) error {
	run, err := d.calls.DescribeWorkflowExecution(ctx, workflows.WorkflowID(id), "")
	var unknown *serviceerror.NotFound
	switch status := run.GetWorkflowExecutionInfo().GetStatus(); {
	case errors.As(err, &unknown):
		return errors.New("is unknown to Temporal: `starter parked` lists the calls that are parked")
	case err != nil:
		return err
	case status == enumspb.WORKFLOW_EXECUTION_STATUS_COMPLETED:
		return fmt.Errorf("is over: there is nothing to %s", d.update)
	default:
		return fmt.Errorf("its run has ended (%s): there is nothing to %s", inWords(status), d.update)
	}
}
