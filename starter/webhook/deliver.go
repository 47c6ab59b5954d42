package webhook

import (
	"context"
	"errors"
	"time"

	"go.temporal.io/api/serviceerror"
	"go.temporal.io/sdk/client"

	"github.com/callthread/callthread/call"
	"github.com/callthread/callthread/workflows"
)

// accepted is the answer to an event that Temporal has accepted.
type accepted struct {
	CallID          string `json:"callId"`
	WorkflowID      string `json:"workflowId"`
	RunID           string `json:"runId,omitempty"` // empty for a recording
	ConversationID  string `json:"conversationId,omitempty"`
	ConversationURL string `json:"conversationUrl,omitempty"`
	// IgnoredFields are the fields that could not be read. The workflow gets the sender's names.
	IgnoredFields []string `json:"ignored,omitempty"`
	// Late reports whether the call's workflow had ended. The event was acknowledged and counted
	// only.
	Late bool `json:"-"`
}

func (h *Handler) acceptedOf(event call.Event) accepted {
	key := event.Leg.Key()
	return accepted{CallID: key, WorkflowID: h.workflowID(key), IgnoredFields: publicNames(event.Ignored)}
}

func (h *Handler) workflowID(key string) string {
	if h.Shadow {
		return workflows.ShadowID(key)
	}
	return workflows.WorkflowID(key)
}

// deliver signals an event to the workflow of its call, and starts the workflow with the first
// event. An event may be delivered repeatedly. Delivery continues if the sender disconnects,
// because the event was received. The SDK gives each request half of the time that is left.
func (h *Handler) deliver(ctx context.Context, event call.Event, until time.Time) (accepted, error) {
	ctx, cancel := context.WithDeadline(context.WithoutCancel(ctx), until)
	defer cancel()
	key, answer := event.Leg.Key(), h.acceptedOf(event)
	input := workflows.CallInput{Key: key, Limits: h.Limits, Shadow: h.Shadow}

	if event.Kind == call.Recorded {
		// A recording starts no workflow. It may belong to an outbound call that no automation
		// handles, which its fields do not show, and the conversation would have no customer.
		err := h.Temporal.SignalWorkflow(ctx, answer.WorkflowID, "", string(event.Kind), event)
		if answer.Late = isUnknown(err); answer.Late {
			err = nil
		}
		return answer, err
	}
	if event.Kind == call.Inbound || event.Kind == call.Outbound {
		options := h.startOptions(event)
		options.EnableEagerStart = h.Eager
		// Otherwise Temporal would return the existing run without an error, and the event would be
		// lost.
		options.WorkflowExecutionErrorWhenAlreadyStarted = true
		input.First = &event
		run, err := h.Temporal.ExecuteWorkflow(ctx, options, workflows.CallWorkflow, input)
		var exists *serviceerror.WorkflowExecutionAlreadyStarted
		if !errors.As(err, &exists) {
			if err == nil {
				answer.RunID = run.GetRunID()
				h.runs.Add(answer.WorkflowID, answer.RunID)
			}
			return answer, err
		}
		input.First = nil
	}
	return h.signal(ctx, event, input, answer)
}

// signal signals an event to the run of its call, and starts a run if there is none.
func (h *Handler) signal(ctx context.Context, event call.Event, input workflows.CallInput, answer accepted) (accepted, error) {
	if runID, known := h.runs.Get(answer.WorkflowID); known {
		err := h.Temporal.SignalWorkflow(ctx, answer.WorkflowID, runID, string(event.Kind), event)
		if !isUnknown(err) {
			answer.RunID = runID
			return answer, err
		}
		h.runs.Remove(answer.WorkflowID) // the run has ended, or was reset
	}
	run, err := h.Temporal.SignalWithStartWorkflow(ctx, answer.WorkflowID, string(event.Kind), event, h.startOptions(event), workflows.CallWorkflow, input)
	var ended *serviceerror.WorkflowExecutionAlreadyStarted
	if errors.As(err, &ended) {
		answer.RunID, answer.Late = ended.RunId, true
		return answer, nil
	}
	if err == nil {
		answer.RunID = run.GetRunID()
		h.runs.Add(answer.WorkflowID, answer.RunID)
	}
	return answer, err
}

// isUnknown reports whether Temporal has no running workflow with this id.
func isUnknown(err error) bool {
	var unknown *serviceerror.NotFound
	return errors.As(err, &unknown)
}

// startOptions returns the options for the run of a new call, live or in shadow.
func (h *Handler) startOptions(event call.Event) client.StartWorkflowOptions {
	if h.Shadow {
		return workflows.ShadowStartOptions(event, h.TaskQueue)
	}
	return workflows.StartOptions(event, h.TaskQueue)
}

// awaitConversation waits until the conversation of the call exists, for at most ConversationWait.
// It returns false if it does not exist by then or never will. The event is accepted in any case.
func (h *Handler) awaitConversation(ctx context.Context, of accepted) (workflows.State, bool) {
	ctx, cancel := context.WithTimeout(ctx, h.ConversationWait)
	defer cancel()
	var state workflows.State
	if of.Late {
		value, err := h.Temporal.QueryWorkflow(ctx, of.WorkflowID, of.RunID, workflows.QueryState)
		if err == nil {
			err = value.Get(&state)
		}
		return state, err == nil && state.ConversationID != ""
	}
	handle, err := h.Temporal.UpdateWorkflow(ctx, client.UpdateWorkflowOptions{
		WorkflowID: of.WorkflowID, RunID: of.RunID,
		UpdateName:   workflows.UpdateAwaitConversation,
		WaitForStage: client.WorkflowUpdateStageCompleted,
	})
	if err == nil {
		err = handle.Get(ctx, &state)
	}
	return state, err == nil && state.ConversationID != ""
}
