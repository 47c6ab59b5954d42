package operator

import (
	"context"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"time"

	enumspb "go.temporal.io/api/enums/v1"
	workflowpb "go.temporal.io/api/workflow/v1"
	"go.temporal.io/api/workflowservice/v1"

	"github.com/callthread/callthread/workflows"
)

// Run is the entry of a call's run in Temporal's workflow list.
type Run struct {
	CallID     string `json:"callId"`
	WorkflowID string `json:"workflowId"`
	RunID      string `json:"runId"`
	// StartedAt is when Callthread received the call's first event. The workflow list does not
	// contain the time at which a call was parked.
	StartedAt      time.Time `json:"startedAt"`
	ConversationID string    `json:"conversationId"`
	// Reason is why the call is parked, empty if it is not.
	Reason string `json:"reason"`
}

func runOf(run *workflowpb.WorkflowExecutionInfo) Run {
	return Run{
		CallID:         workflows.CallKey(run.GetExecution().GetWorkflowId()),
		WorkflowID:     run.GetExecution().GetWorkflowId(),
		RunID:          run.GetExecution().GetRunId(),
		StartedAt:      run.GetStartTime().AsTime(),
		ConversationID: workflows.Attribute[string](run, workflows.KustomerConversationID),
		Reason:         workflows.Attribute[string](run, workflows.ParkedBecause),
	}
}

// Call is a call as the workflow list shows it. It contains no personal data.
type Call struct {
	Run
	EndedAt time.Time `json:"endedAt,omitzero"`
	// Status is the run's status in Temporal, in lower case. A status other than running or
	// completed is the result of an operator's action.
	Status string `json:"run"`
	// Paused reports whether an operator has paused the run or one of its activities.
	Paused bool   `json:"paused,omitempty"`
	Phase  string `json:"phase"`
	// WaitsFor is empty if the call waits only for seconds, or has ended.
	WaitsFor  string `json:"waitsFor,omitempty"`
	Outcome   string `json:"outcome"`
	Direction string `json:"direction"`
	AgentID   string `json:"agentId"`
	QueueName string `json:"queueName"`
}

func callOf(run *workflowpb.WorkflowExecutionInfo) Call {
	l := Call{
		Run:       runOf(run),
		Status:    inWords(run.GetStatus()),
		Paused:    run.GetStatus() == enumspb.WORKFLOW_EXECUTION_STATUS_PAUSED || hasPausedStep(run),
		Phase:     workflows.Attribute[string](run, workflows.CallPhase),
		WaitsFor:  workflows.Attribute[string](run, workflows.WaitsFor),
		Outcome:   workflows.Attribute[string](run, workflows.CallOutcome),
		Direction: workflows.Attribute[string](run, workflows.CallDirection),
		AgentID:   workflows.Attribute[string](run, workflows.AgentID),
		QueueName: workflows.Attribute[string](run, workflows.QueueName),
	}
	if run.GetCloseTime() != nil {
		l.EndedAt = run.GetCloseTime().AsTime()
	}
	return l
}

// phase is the phase of the call, with the status of the run if the run ended early.
func (l Call) phase() string {
	if !l.endedEarly() {
		return l.Phase
	}
	return strings.TrimSpace(l.Phase + " (" + l.Status + ")")
}

// pausedByOperator is what a paused call waits for: only an operator can resume it.
const pausedByOperator = "paused by an operator"

// waitsFor is what a running call waits for, empty if the run has ended.
func (l Call) waitsFor() string {
	switch {
	case l.isOver():
		return ""
	case l.Paused:
		return pausedByOperator
	}
	return l.WaitsFor
}

func (l Call) isOver() bool { return !l.EndedAt.IsZero() }

// endedEarly reports whether the run ended before everything was written: it was cancelled or
// terminated, or it failed because an operator had started it by hand.
func (l Call) endedEarly() bool {
	return l.isOver() && l.Status != inWords(enumspb.WORKFLOW_EXECUTION_STATUS_COMPLETED)
}

// List returns the calls that match a query, newest first and at most limit of them (0 is no
// limit), and the total number of matches.
func (o *Operator) List(ctx context.Context, query string, limit int) (found []Call, total int, err error) {
	runs, err := o.listRuns(ctx, query, limit)
	if err != nil {
		return nil, 0, err
	}
	if len(runs) == 0 {
		return []Call{}, 0, nil
	}
	newest, err := o.reopened(ctx)
	if err != nil {
		return nil, 0, err
	}
	found = []Call{} // JSON: an empty array, not null
	for _, run := range runs {
		if id, is := newest[run.GetExecution().GetWorkflowId()]; !is || id == run.GetExecution().GetRunId() {
			found = append(found, callOf(run))
		}
	}
	sortNewestFirst(found)
	if limit == 0 || len(runs) < limit {
		return found, len(found), nil
	}
	counted, err := o.Temporal.CountWorkflow(ctx, &workflowservice.CountWorkflowExecutionsRequest{Query: query})
	if err != nil {
		return nil, 0, fmt.Errorf("count calls: %w", err)
	}
	replaced := len(runs) - len(found)
	return found, max(int(counted.GetCount())-replaced, len(found)), nil
}

// reopened returns the newest run id of each call that has several runs, by workflow id. A
// comparison with babelforce's call log starts a second run to correct a call. The list shows
// only the newest run.
func (o *Operator) reopened(ctx context.Context) (newest map[string]string, err error) {
	runs, err := o.listRuns(ctx, allCalls+" AND "+is(workflows.CallMarks.GetName(), workflows.MarkReopened), 0)
	if err != nil {
		return nil, err
	}
	newest, began := make(map[string]string), make(map[string]time.Time)
	for _, run := range runs {
		id := run.GetExecution().GetWorkflowId()
		if at := run.GetStartTime().AsTime(); newest[id] == "" || at.After(began[id]) {
			newest[id], began[id] = run.GetExecution().GetRunId(), at
		}
	}
	return newest, nil
}

// PrintCalls prints calls as a table, and how many of the total are not shown.
func PrintCalls(out io.Writer, calls []Call, total int) error {
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	row(table, "CALL", "STARTED", "PHASE", "WAITS FOR", "OUTCOME", "WAY", "AGENT", "QUEUE", "CONVERSATION")
	for _, l := range calls {
		cells := []string{l.CallID, moment(l.StartedAt), l.phase(), l.waitsFor(), l.Outcome, l.Direction, l.AgentID, l.QueueName, l.ConversationID}
		if l.Reason != "" { // only parked calls have one, in a column without a title
			cells = append(cells, l.Reason)
		}
		row(table, cells...)
	}
	if err := table.Flush(); err != nil || total == len(calls) {
		return err
	}
	_, err := fmt.Fprintf(out, "\n%d more are not shown: raise --limit, or add filters (see --help)\n", total-len(calls))
	return err
}
