package reconcile

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/api/serviceerror"
	workflowpb "go.temporal.io/api/workflow/v1"
	"go.temporal.io/api/workflowservice/v1"

	"github.com/callthread/callthread/babelforce/calllog"
	"github.com/callthread/callthread/call"
	"github.com/callthread/callthread/workflows"
)

// runs lists the newest run of each call that began in a window. The list is eventually
// consistent, so it only narrows the search.
func (a *Activities) runs(ctx context.Context, w Window) (map[string]*Run, error) {
	const pageSize = 1000 // Temporal's maximum
	request := &workflowservice.ListWorkflowExecutionsRequest{PageSize: pageSize, Query: fmt.Sprintf(
		"WorkflowType = 'CallWorkflow' AND TaskQueue = '%s' AND StartTime >= '%s' AND StartTime < '%s'", a.TaskQueue, w.From.UTC().Format(time.RFC3339Nano), w.To.UTC().Format(time.RFC3339Nano))}
	runs := make(map[string]*Run)
	for {
		page, err := a.Temporal.ListWorkflow(ctx, request)
		if err != nil {
			return nil, fmt.Errorf("list calls: %w", err)
		}
		for _, info := range page.GetExecutions() {
			run := runOf(info)
			if known := runs[run.WorkflowID]; known == nil || run.Began.After(known.Began) {
				runs[run.WorkflowID] = run
			}
		}
		if request.NextPageToken = page.GetNextPageToken(); len(request.NextPageToken) == 0 {
			return runs, nil
		}
	}
}

// describe returns Temporal's own description of the newest run with an id, or nil if there is none.
func (a *Activities) describe(ctx context.Context, workflowID string) (*Run, error) {
	described, err := a.Temporal.DescribeWorkflowExecution(ctx, workflowID, "")
	var unknown *serviceerror.NotFound
	if errors.As(err, &unknown) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("look for a call: %w", err)
	}
	return runOf(described.GetWorkflowExecutionInfo()), nil
}

func runOf(info *workflowpb.WorkflowExecutionInfo) *Run {
	run := &Run{
		WorkflowID:      info.GetExecution().GetWorkflowId(),
		RunID:           info.GetExecution().GetRunId(),
		Began:           info.GetStartTime().AsTime(),
		Phase:           workflows.Phase(workflows.Attribute[string](info, workflows.CallPhase)),
		WaitsFor:        call.WaitsFor(workflows.Attribute[string](info, workflows.WaitsFor)),
		AgentID:         workflows.Attribute[string](info, workflows.AgentID),
		Outcome:         call.Outcome(workflows.Attribute[string](info, workflows.CallOutcome)),
		HasConversation: workflows.Attribute[string](info, workflows.KustomerConversationID) != "",
		Marks:           workflows.Attribute[[]string](info, workflows.CallMarks),
		Forgotten:       info.GetType().GetName() == workflows.ForgottenCall,
		Status:          Ended,
	}
	switch info.GetStatus() {
	case enumspb.WORKFLOW_EXECUTION_STATUS_RUNNING, enumspb.WORKFLOW_EXECUTION_STATUS_PAUSED:
		run.Status = Running
	case enumspb.WORKFLOW_EXECUTION_STATUS_COMPLETED:
		run.Status = Completed
	}
	return run
}

// judge judges a call by its entry in the workflow list and, if the result is not plain, by
// Temporal's own description of the run. The list contains only a call's last agent. If several
// agents answered, the run's record shows whether one of them is missing.
func (a *Activities) judge(ctx context.Context, rules Rules, root calllog.Row, legs []calllog.Row, listed, child *Run) (Verdict, error) {
	pickedUp := answered(legs)
	attempts := Attempts{ByQueue: slices.ContainsFunc(legs, isByQueue), Lasting: slices.ContainsFunc(legs, isLasting)}
	if n := len(pickedUp); n > 0 {
		attempts.Last = pickedUp[n-1].Agent
	}
	if listed != nil && len(pickedUp) < 2 {
		if v := rules.Judge(root, attempts, listed); v.Result.IsPlain() {
			return v, nil
		}
	}
	run, err := a.describe(ctx, workflows.WorkflowID(root.Call.ID))
	if err == nil && run == nil {
		run, err = a.runOfLeg(ctx, legs, child)
	}
	if err != nil {
		return Verdict{}, err
	}
	v := rules.Judge(root, attempts, run)
	isWhole := v.Result != Matched && v.Result != Joined || len(pickedUp) < 2
	if isWhole {
		return v, nil
	}
	carried, err := a.carried(ctx, run)
	if err != nil {
		return v, err
	}
	if carried.Record.Lacks(fromLog(root, legs, agents{}.of, rules.Now), rules.Now) {
		v.Result, v.Why = Incomplete, NoPickUp
	}
	return v, nil
}

// runOfLeg returns the run under the id of another leg, for a call without its own run.
func (a *Activities) runOfLeg(ctx context.Context, legs []calllog.Row, known *Run) (*Run, error) {
	if known != nil {
		return known, nil
	}
	for _, leg := range legs {
		if leg.IsRoot() {
			continue
		}
		if run, err := a.describe(ctx, workflows.WorkflowID(leg.Call.ID)); run != nil || err != nil {
			return run, err
		}
	}
	return nil, nil
}

// carried returns the state of a run: the result of a completed run, or the answer of a running one.
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
		return carried, fmt.Errorf("query %s: %w", run.WorkflowID, err)
	}
	return carried, answer.Get(&carried)
}
