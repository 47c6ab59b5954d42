package reconcile

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"sync"

	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/sdk/activity"

	"github.com/callthread/callthread/babelforce"
	"github.com/callthread/callthread/babelforce/calllog"
	"github.com/callthread/callthread/call"
	"github.com/callthread/callthread/workflows"
)

// RepairInput is the input of [Activities.Repair].
type RepairInput struct {
	Calls []Verdict `json:"calls"`
	// Status is the status of conversations that a repair opens. If it is empty, the automations
	// file decides.
	Status string `json:"status,omitempty"`
}

// Repaired is the result of a repair.
type Repaired struct {
	// Calls are the calls whose workflows have received the log's reports.
	Calls []string `json:"calls,omitempty"`
	// Left are the calls that no longer needed a repair, with their current verdicts.
	Left []Verdict `json:"left,omitempty"`
	// Failed are the calls that could not be repaired, although others can be.
	Failed []Failed `json:"failed,omitempty"`
}

// Failed is a call whose repair failed.
type Failed struct {
	Verdict
	Problem string `json:"problem"` // for operators
}

// done returns the number of calls that the activity need not try again.
func (r Repaired) done() int { return len(r.Calls) + len(r.Left) + len(r.Failed) }

// NeedsRepair reports whether the call lacks something that the log contains.
func (v Verdict) NeedsRepair() bool {
	return v.Result == Missed || v.Result == Incomplete && v.Why != NoConversation
}

// tries is how often a repair is tried if the run ends in the meantime.
const tries = 3

// Repair sends the reports of babelforce's log to the workflows of calls, oldest first. It judges
// each call again and leaves out those whose reports have arrived since. Repair is idempotent,
// because a workflow ignores reports that it has. Its heartbeat contains the calls that are done.
func (a *Activities) Repair(ctx context.Context, in RepairInput) (Repaired, error) {
	var mu sync.Mutex
	var done Repaired
	if activity.IsActivity(ctx) && activity.HasHeartbeatDetails(ctx) {
		if err := activity.GetHeartbeatDetails(ctx, &done); err != nil {
			return done, fmt.Errorf("resume a repair: %w", err)
		}
	}
	defer alive(ctx, func() any {
		mu.Lock()
		defer mu.Unlock()
		return done
	})()
	rules, err := a.rules(ctx)
	if err != nil {
		return done, err
	}
	known := make(agents)
	for _, v := range in.Calls[done.done():] {
		if err := a.throttle(ctx); err != nil {
			return done, err
		}
		now, err := a.repair(ctx, rules, v.CallID, in.Status, known)
		if err != nil && !isOfOneCall(ctx, err) {
			return done, failure(err)
		}
		mu.Lock()
		if err != nil { // it must not keep the other calls from being repaired
			done.Failed = append(done.Failed, Failed{v, err.Error()})
		} else {
			done = done.with(now)
		}
		mu.Unlock()
	}
	a.Observe.repaired(len(done.Calls))
	return done, nil
}

// Hold counts calls that need a repair and wait for an operator.
func (a *Activities) Hold(_ context.Context, calls int) error {
	a.Observe.held(calls)
	return nil
}

// with adds a call with its verdict before the repair.
func (r Repaired) with(v Verdict) Repaired {
	if v.NeedsRepair() {
		r.Calls = append(r.Calls, v.CallID)
	} else {
		r.Left = append(r.Left, v)
	}
	return r
}

func (a *Activities) throttle(ctx context.Context) error {
	if a.Throttle == nil {
		return nil
	}
	return a.Throttle.Wait(ctx)
}

// repair judges a call and, if it needs a repair, sends the log's reports to its workflow.
func (a *Activities) repair(ctx context.Context, rules Rules, id, status string, known agents) (v Verdict, err error) {
	root, err := a.Log.Call(ctx, id)
	if calllog.KindOf(err) == calllog.NotFound {
		return Verdict{CallID: id, Result: CannotTell}, nil
	}
	if err != nil {
		return v, err
	}
	legs, err := a.Log.Legs(ctx, root)
	if err != nil {
		return v, err
	}
	for range tries {
		if v, err = a.judge(ctx, rules, root, legs, nil, nil); err != nil || !v.NeedsRepair() {
			return v, err
		}
		if err = a.request(ctx, known, legs); err != nil {
			return v, err
		}
		log := fromLog(root, legs, known.of, rules.Now)
		log.Status = status
		var over *serviceerror.WorkflowExecutionAlreadyStarted
		if err = a.send(ctx, root.Call.ID, log); !errors.As(err, &over) {
			return v, err
		}
	}
	return v, err
}

// send sends the log's reports to a call's workflow in one signal. A running workflow receives the
// signal. A call without a run starts with it. After a completed run, a new run continues from its
// result. A run that was closed in another way is never continued.
func (a *Activities) send(ctx context.Context, key string, log call.FromLog) error {
	options := workflows.StartOptions(log.Reports[0], a.TaskQueue)
	input := workflows.CallInput{Key: key, Limits: a.Limits}
	run, err := a.describe(ctx, options.ID)
	if err != nil {
		return err
	}
	if run != nil && run.Status == Completed && !run.Forgotten {
		carried, err := a.carried(ctx, run)
		if err != nil {
			return err
		}
		input.Earlier = &carried
		options.WorkflowIDReusePolicy = enumspb.WORKFLOW_ID_REUSE_POLICY_ALLOW_DUPLICATE
	}
	_, err = a.Temporal.SignalWithStartWorkflow(ctx, options.ID, workflows.SignalLog, log, options, workflows.CallWorkflow, input)
	if err != nil {
		return fmt.Errorf("send the reports of babelforce's log to call %s: %w", key, err)
	}
	return nil
}

// agents are agents as babelforce's API returns them, by their ids. Rows contain fewer fields.
type agents map[string]babelforce.Agent

// request requests each agent who was connected. If babelforce no longer knows an agent, or does
// not show the agent to this user, the row's fields are used.
func (a *Activities) request(ctx context.Context, known agents, legs []calllog.Row) error {
	for _, leg := range legs {
		id := leg.Agent.ID
		if _, is := known[id]; is || id == "" {
			continue
		}
		agent, err := a.Log.Agent(ctx, id)
		switch calllog.KindOf(err) {
		case calllog.NotFound, calllog.NotUnderstood, calllog.Unauthorized:
			agent, err = leg.Agent, nil
		}
		if err != nil {
			return err
		}
		known[id] = agent
	}
	return nil
}

// of returns the agent of a row with the missing fields filled in.
func (known agents) of(row babelforce.Agent) babelforce.Agent {
	agent, is := known[row.ID]
	if !is {
		return row
	}
	agent.Name, agent.Number = cmp.Or(row.Name, agent.Name), cmp.Or(row.Number, agent.Number)
	return agent
}
