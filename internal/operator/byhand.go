package operator

import (
	"context"
	"time"

	enumspb "go.temporal.io/api/enums/v1"
	workflowpb "go.temporal.io/api/workflow/v1"
)

// An operator can pause, cancel or terminate a run in Temporal itself. The workflow does not
// learn that it was paused or terminated.

// PausedStep is an activity of a call that an operator has paused. By is the identity that
// Temporal recorded for the operator.
type PausedStep struct {
	ActivityID string    `json:"activityId"`
	Activity   string    `json:"activity"`
	By         string    `json:"by"`
	Reason     string    `json:"reason,omitempty"`
	Since      time.Time `json:"since"`
}

func pausedStep(pending *workflowpb.PendingActivityInfo) PausedStep {
	manual := pending.GetPauseInfo().GetManual()
	return PausedStep{
		ActivityID: pending.GetActivityId(), Activity: pending.GetActivityType().GetName(),
		By: manual.GetIdentity(), Reason: manual.GetReason(), Since: pending.GetPauseInfo().GetPauseTime().AsTime(),
	}
}

// endedBy describes how a run ended before everything was written, or returns "" if it completed.
func (o *Operator) endedBy(ctx context.Context, c Call) (string, error) {
	switch c.Status {
	case inWords(enumspb.WORKFLOW_EXECUTION_STATUS_COMPLETED):
		return "", nil
	case inWords(enumspb.WORKFLOW_EXECUTION_STATUS_CANCELED):
		return "cancelled by an operator", nil
	case inWords(enumspb.WORKFLOW_EXECUTION_STATUS_TERMINATED):
		return o.terminatedBy(ctx, c)
	}
	return c.Status, nil
}

// terminatedBy describes who terminated a run and why, if Temporal recorded it.
func (o *Operator) terminatedBy(ctx context.Context, c Call) (string, error) {
	end := o.Temporal.GetWorkflowHistory(ctx, c.WorkflowID, c.RunID, false, enumspb.HISTORY_EVENT_FILTER_TYPE_CLOSE_EVENT)
	event, err := end.Next()
	if err != nil {
		return "", err
	}
	words := "terminated by an operator"
	terminated := event.GetWorkflowExecutionTerminatedEventAttributes()
	if who := terminated.GetIdentity(); who != "" {
		words += " (" + who + ")"
	}
	if reason := terminated.GetReason(); reason != "" {
		words += ": " + reason
	}
	return words, nil
}
