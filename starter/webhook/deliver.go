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

// accepted is the answer to an event that Temporal has taken.
type accepted struct {
	CallID          string `json:"callId"`
	WorkflowID      string `json:"workflowId"`
	RunID           string `json:"runId,omitempty"` // Temporal does not say it of a recording
	ConversationID  string `json:"conversationId,omitempty"`
	ConversationURL string `json:"conversationUrl,omitempty"`
	// IgnoredFields could not be read, and were left out; the run has the names that the sender has chosen.
	IgnoredFields []string `json:"ignored,omitempty"`
	// Late says that the call's workflow had ended before: the event was acknowledged and counted, no more.
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

// deliver hands an event to its call's workflow, starting the workflow if this
// is the first event heard of the call. Delivering an event again is harmless.
// It goes on if the sender disconnects, because the event was received.
func (h *Handler) deliver(ctx context.Context, event call.Event, until time.Time) (accepted, error) {
	ctx, cancel := context.WithDeadline(context.WithoutCancel(ctx), until)
	defer cancel()
	ctx, cancelEarlier := context.WithTimeout(ctx, temporalTimeout)
	defer cancelEarlier()
	key, answer := event.Leg.Key(), h.acceptedOf(event)
	input := workflows.CallInput{Key: key, Limits: h.Limits, Shadow: h.Shadow}

	if event.Kind == call.Recorded {
		// A recording begins no call: it may be of one that an agent has placed and nobody wants to
		// know of, and does not tell. One that is heard of alone would get a conversation of nobody's.
		err := h.Temporal.SignalWorkflow(ctx, answer.WorkflowID, "", string(event.Kind), event)
		if answer.Late = isUnknown(err); answer.Late {
			err = nil
		}
		return answer, err
	}
	if event.Kind == call.Inbound || event.Kind == call.Outbound {
		options := h.startOptions(event)
		options.EnableEagerStart = h.Eager
		// Otherwise an event for a call that exists would be swallowed as if it had started it.
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

// signal hands an event to its call's run, which begins with it if the call has none.
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
	var over *serviceerror.WorkflowExecutionAlreadyStarted
	if errors.As(err, &over) {
		answer.RunID, answer.Late = over.RunId, true
		return answer, nil
	}
	if err == nil {
		answer.RunID = run.GetRunID()
		h.runs.Add(answer.WorkflowID, answer.RunID)
	}
	return answer, err
}

// isUnknown reports whether Temporal knows no run that is open.
func isUnknown(err error) bool {
	var unknown *serviceerror.NotFound
	return errors.As(err, &unknown)
}

// startOptions are those of a new call's run, which is one of a shadow's if the receiver is.
func (h *Handler) startOptions(event call.Event) client.StartWorkflowOptions {
	if h.Shadow {
		return workflows.ShadowStartOptions(event, h.TaskQueue)
	}
	return workflows.StartOptions(event, h.TaskQueue)
}

// awaitConversation waits until the call's conversation exists. It gives up
// after the configured time, and where it never will; the event is accepted all the same.
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
		UpdateName:   workflows.UpdateConversation,
		WaitForStage: client.WorkflowUpdateStageCompleted,
	})
	if err == nil {
		err = handle.Get(ctx, &state)
	}
	return state, err == nil && state.ConversationID != ""
}
