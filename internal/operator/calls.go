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

// Run is what Temporal's workflow list says of the run of a call.
type Run struct {
	CallID     string `json:"callId"`
	WorkflowID string `json:"workflowId"`
	RunID      string `json:"runId"`
	// StartedAt is when Callthread first received something about the call. The list does not say when it was parked.
	StartedAt      time.Time `json:"startedAt"`
	ConversationID string    `json:"conversationId"`
	// Reason is why it is parked, if it is.
	Reason string `json:"reason"`
}

func runOf(run *workflowpb.WorkflowExecutionInfo) Run {
	return Run{
		CallID:         workflows.CallKey(run.GetExecution().GetWorkflowId()),
		WorkflowID:     run.GetExecution().GetWorkflowId(),
		RunID:          run.GetExecution().GetRunId(),
		StartedAt:      run.GetStartTime().AsTime(),
		ConversationID: attribute(run, workflows.KustomerConversationID),
		Reason:         attribute(run, workflows.ParkedBecause),
	}
}

// Call is a call as the workflow list shows it. Nothing in it names a person.
type Call struct {
	Run
	EndedAt time.Time `json:"endedAt,omitzero"`
	// Status is how the run stands, or has ended; all but running and completed are somebody's doing.
	Status string `json:"run"`
	// Paused says that an operator has paused the run, or a step of it.
	Paused bool   `json:"paused,omitempty"`
	Phase  string `json:"phase"`
	// WaitsFor is empty for a wait of seconds, and when the call is over.
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
		Phase:     attribute(run, workflows.CallPhase),
		WaitsFor:  attribute(run, workflows.WaitsFor),
		Outcome:   attribute(run, workflows.CallOutcome),
		Direction: attribute(run, workflows.CallDirection),
		AgentID:   attribute(run, workflows.AgentID),
		QueueName: attribute(run, workflows.QueueName),
	}
	if run.GetCloseTime() != nil {
		l.EndedAt = run.GetCloseTime().AsTime()
	}
	return l
}

// phase is where the call is, and that it stays there if the run has ended early.
func (l Call) phase() string {
	if !l.endedEarly() {
		return l.Phase
	}
	return strings.TrimSpace(l.Phase + " (" + l.Status + ")")
}

// pausedByOperator is what a paused call waits for: nothing else lets it go on.
const pausedByOperator = "paused by an operator"

// waitsFor is what a call under way waits for. A run that has ended waits for nothing more.
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

// endedEarly reports whether the run has ended before everything was written: it was
// cancelled or terminated, or has failed because it was started by hand.
func (l Call) endedEarly() bool {
	return l.isOver() && l.Status != inWords(enumspb.WORKFLOW_EXECUTION_STATUS_COMPLETED)
}

// List reads the calls that a query finds, newest first, and how many there are in all.
func (o *Operator) List(ctx context.Context, query string, limit int) (those []Call, total int, err error) {
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
	those = []Call{} // not nil, which would be no array in JSON
	for _, run := range runs {
		if id, is := newest[run.GetExecution().GetWorkflowId()]; !is || id == run.GetExecution().GetRunId() {
			those = append(those, callOf(run))
		}
	}
	sortNewestFirst(those)
	if limit == 0 || len(runs) < limit {
		return those, len(those), nil
	}
	counted, err := o.Temporal.CountWorkflow(ctx, &workflowservice.CountWorkflowExecutionsRequest{Query: query})
	if err != nil {
		return nil, 0, fmt.Errorf("count calls: %w", err)
	}
	replaced := len(runs) - len(those)
	return those, max(int(counted.GetCount())-replaced, len(those)), nil
}

// reopened are the newest runs of calls that have more than one, by workflow id: what a
// comparison with babelforce's log has corrected. The earlier runs are no calls of their own.
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

// PrintCalls prints calls as a table. The total says how many there are, of which these are some.
func PrintCalls(out io.Writer, those []Call, total int) error {
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	row(table, "CALL", "STARTED", "PHASE", "WAITS FOR", "OUTCOME", "WAY", "AGENT", "QUEUE", "CONVERSATION")
	for _, l := range those {
		cells := []string{l.CallID, moment(l.StartedAt), l.phase(), l.waitsFor(), l.Outcome, l.Direction, l.AgentID, l.QueueName, l.ConversationID}
		if l.Reason != "" { // only of parked ones, where it ends the row without a title
			cells = append(cells, l.Reason)
		}
		row(table, cells...)
	}
	if err := table.Flush(); err != nil || total == len(those) {
		return err
	}
	_, err := fmt.Fprintf(out, "\n%d more are not shown: --limit shows more, and filters fewer (--help)\n", total-len(those))
	return err
}
