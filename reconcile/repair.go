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

// RepairInput are calls to repair.
type RepairInput struct {
	Calls []Verdict `json:"calls"`
	// Status is that of conversations which are opened; "" leaves it to the automations file.
	Status string `json:"status,omitempty"`
}

// Repaired is what came of a repair.
type Repaired struct {
	// Calls are those whose workflows were given what the log contains.
	Calls []string `json:"calls,omitempty"`
	// Left are those that were left alone, with what they are judged to be by now.
	Left []Verdict `json:"left,omitempty"`
}

// NeedsRepair reports whether the log contains what a call lacks.
func (v Verdict) NeedsRepair() bool {
	return v.Result == Missed || v.Result == Incomplete && v.Why != NoConversation
}

// tries is how often a call is tried whose run ends while it is repaired.
const tries = 3

// Repair gives the workflows of calls what babelforce's log contains, oldest first. A
// call is judged again before: what was reported meanwhile is not repaired. It may be
// carried out twice, because what a workflow has it does not take again. Its heartbeat
// holds what is done.
func (a *Activities) Repair(ctx context.Context, in RepairInput) (Repaired, error) {
	var mu sync.Mutex
	var done Repaired
	if activity.IsActivity(ctx) && activity.HasHeartbeatDetails(ctx) {
		if err := activity.GetHeartbeatDetails(ctx, &done); err != nil {
			return done, fmt.Errorf("go on with a repair: %w", err)
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
	for _, v := range in.Calls[len(done.Calls)+len(done.Left):] {
		if err := a.throttle(ctx); err != nil {
			return done, err
		}
		now, err := a.repair(ctx, rules, v.CallID, in.Status, known)
		if err != nil {
			return done, failure(err)
		}
		mu.Lock()
		done = done.with(now)
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

// with adds a call, as it was judged before it was repaired.
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

// repair judges a call and, if it needs that, gives its workflow what the log contains.
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
		if err = a.ask(ctx, known, legs); err != nil {
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

// send gives a call's workflow what the log contains, all at once: a run that is under
// way is signalled, a call without a run begins with it, and one whose run has completed
// goes on from there. A run that was ended in another way is never gone on from.
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
		return fmt.Errorf("give call %s what babelforce's log contains: %w", key, err)
	}
	return nil
}

// carried is what a run has come to: its result if it has completed, or its answer.
func (a *Activities) carried(ctx context.Context, run *Run) (carried workflows.Carried, err error) {
	if run.Status == Completed {
		var ended workflows.Ended
		if err := a.Temporal.GetWorkflow(ctx, run.WorkflowID, run.RunID).Get(ctx, &ended); err != nil {
			return carried, fmt.Errorf("read the result of %s: %w", run.WorkflowID, err)
		}
		return ended.Carried, nil
	}
	answer, err := a.Temporal.QueryWorkflow(ctx, run.WorkflowID, run.RunID, workflows.QueryCarried)
	if err != nil {
		return carried, fmt.Errorf("ask %s: %w", run.WorkflowID, err)
	}
	return carried, answer.Get(&carried)
}

// agents are what babelforce knows of agents beside what rows contain, by their ids.
type agents map[string]babelforce.Agent

// ask asks for each agent who was connected. One whom babelforce does not know any
// more, or does not show to this user, is as the row has it.
func (a *Activities) ask(ctx context.Context, known agents, legs []calllog.Row) error {
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

// of is an agent of a row, with what is known besides.
func (known agents) of(row babelforce.Agent) babelforce.Agent {
	agent, is := known[row.ID]
	if !is {
		return row
	}
	agent.Name, agent.Number = cmp.Or(row.Name, agent.Name), cmp.Or(row.Number, agent.Number)
	return agent
}
