package activities

import (
	"context"
	"slices"
	"time"

	"github.com/callthread/callthread/call"
)

// StepInput is the input of every step: which change to make, and on what.
type StepInput struct {
	call.Step
	// Conversation is the call's conversation as its last step left it, zero before it is open.
	Conversation Conversation `json:"conversation,omitzero"`
	// MayBeDone says that the step may have been done before, wholly or in part: by an
	// attempt that failed, or by a run that Temporal has reset or forgotten.
	MayBeDone bool `json:"mayBeDone,omitempty"`
	// Amend is what an operator changed about the step.
	Amend *Amendment `json:"amend,omitempty"`
}

// StepResult is the result of every step.
type StepResult struct {
	// At is when the last change was known to be made, by the worker's clock.
	At time.Time `json:"at,omitzero"`
	// Conversation is the call's conversation as this step left it. Its ID is empty
	// if no automation opens one for this call.
	Conversation Conversation `json:"conversation,omitzero"`
	// Agent is which Kustomer users the agent whom the step was about was found to be.
	Agent call.Resolved `json:"agent,omitzero"`
	// Expects says which later events the automations act on; the opening says it.
	Expects call.Expects `json:"expects,omitzero"`
	// Joined says that the call has joined an earlier call's conversation.
	Joined bool `json:"joined,omitempty"`
	// Caller says in words how it was decided whose the conversation is, if this step decided it.
	Caller string `json:"caller,omitempty"`
	// CallerHash is what the caller's calls can be found by, if there is a number and a key.
	CallerHash string `json:"callerHash,omitempty"`
	// Automations is the version of the automations file that was used.
	Automations string `json:"automations,omitempty"`
	// Warnings say what was left out, and why.
	Warnings []string `json:"warnings,omitempty"`
}

// CreateConversation finds or creates the calling customer and opens the call's one
// conversation, as the automations of call.inbound or call.outbound say.
func (a *Activities) CreateConversation(ctx context.Context, in StepInput) (StepResult, error) {
	opened, err := a.createStep(ctx, createInput{Facts: in.Is.Opening, LookFirst: in.MayBeDone, Rang: in.Is.RangAt, Amend: in.Amend})
	if err != nil {
		return StepResult{}, err
	}
	is := opened.Left
	is.ID, is.URL, is.CustomerID = opened.ConversationID, opened.ConversationURL, opened.CustomerID
	is.OpenedAt, is.Adopted = opened.OpenedAt, opened.Adopted
	return StepResult{
		At: opened.OpenedAt, Conversation: is, Agent: call.Resolved{Unassigned: opened.Unassigned}, Joined: opened.Joined,
		Expects: call.Expects{Finish: opened.ExpectsFinish, Recording: opened.ExpectsRecording, WrapUpTime: opened.WrapUpTime},
		Caller:  opened.Caller, CallerHash: opened.CallerHash, Automations: opened.Automations, Warnings: opened.Warnings,
	}, nil
}

// UpdateConversation brings the call's conversation up to date with what has
// happened: assignment first, because the agent is waiting for it, then tags, then the note.
func (a *Activities) UpdateConversation(ctx context.Context, in StepInput) (StepResult, error) {
	switch {
	case in.Causes[0] == call.CustomerIdentified:
		return a.giveToCustomer(ctx, in)
	case in.Causes[0] == call.AgentIdentified && len(in.Is.PickUps) == 0:
		return a.namePlacer(ctx, in)
	}
	return a.update(ctx, in)
}

func (a *Activities) giveToCustomer(ctx context.Context, in StepInput) (StepResult, error) {
	moved, err := a.moveStep(ctx, moveInput{
		Facts: in.in(in.Is.Opening), ConversationID: in.Conversation.ID, Left: in.Conversation, Amend: in.Amend,
	})
	if err != nil {
		return StepResult{}, err
	}
	is := in.after(moved.Left)
	is.CustomerID, is.URL, is.Deleted = moved.CustomerID, moved.ConversationURL, moved.Gone
	return StepResult{At: moved.MovedAt, Conversation: is, Caller: moved.Caller, CallerHash: moved.CallerHash, Warnings: moved.Warnings}, nil
}

func (a *Activities) namePlacer(ctx context.Context, in StepInput) (StepResult, error) {
	completed, err := a.createStep(ctx, createInput{
		Facts: in.in(in.Is.Opening), LookFirst: in.MayBeDone, Rang: in.Is.RangAt, Existing: in.Conversation.ID, Amend: in.Amend,
	})
	if err != nil {
		return StepResult{}, err
	}
	return StepResult{
		At: completed.OpenedAt, Conversation: in.after(completed.Left), Agent: call.Resolved{Unassigned: completed.Unassigned},
		Automations: completed.Automations, Warnings: completed.Warnings,
	}, nil
}

func (a *Activities) update(ctx context.Context, in StepInput) (StepResult, error) {
	updated, err := a.updateStep(ctx, a.updateOf(in))
	if err != nil {
		return StepResult{}, err
	}
	is := in.after(updated.Left)
	if is.Deleted = updated.Gone; updated.MovedTo != "" {
		is.ID, is.URL = updated.MovedTo, updated.MovedToURL
	}
	return StepResult{
		At: updated.UpdatedAt, Conversation: is, Agent: call.Resolved{Users: updated.AssignedUsers, Unassigned: updated.Unassigned},
		Automations: updated.Automations, Warnings: updated.Warnings,
	}, nil
}

// updateOf is the update that a step's cause asks for.
func (a *Activities) updateOf(in StepInput) updateInput {
	update := updateInput{
		ConversationID: in.Conversation.ID, Left: in.Conversation, Since: Since(in), Agents: in.agents(),
		LookFirst: in.MayBeDone, Corrects: in.Was.Closing != nil, Amend: in.Amend,
	}
	switch in.Causes[0] {
	case call.PickedUp:
		pickUp := in.Is.PickUps[len(in.Is.PickUps)-1]
		update.Event, update.Facts, update.Note, update.KeepAssignee = call.Bridged, pickUp.Facts, pickUp.Note, pickUp.OutOfOrder
	case call.AgentIdentified: // the pick-up has its note
		update.Event, update.Facts = call.Bridged, in.Is.Latest().Facts
	case call.Ended:
		update.Event, update.Facts, update.Note = call.Finished, in.Is.Closing.Facts, in.Is.Closing.Note
		if was := in.Was.Closing; was != nil {
			change, _ := a.automations().In(a.country).Change(call.Finished, in.in(was.Facts))
			update.Undo = change.AddTags
		}
	case call.RecordingAvailable:
		recording := in.Is.Recordings[len(in.Is.Recordings)-1]
		update.Event, update.Facts, update.Note = call.Recorded, in.Is.Closing.Facts, recording.Note
		update.Facts.Recording = recording.Recording
	case call.WrapUpOver:
		update.Event, update.Facts, update.Note = call.WrappedUp, in.Is.Closing.Facts, string(call.WrappedUp)
	}
	if update.Event == call.Bridged && !update.KeepAssignee && in.Was.IsUnassigned() {
		update.Undo = []string{UnassignedTag}
	}
	update.Facts = in.in(update.Facts)
	return update
}

// in adds to the facts where the call is found in Kustomer.
func (in StepInput) in(facts call.Facts) call.Facts {
	is := in.Conversation
	facts.Kustomer = call.Kustomer{CustomerID: is.CustomerID, ConversationID: is.ID, ConversationURL: is.URL}
	return facts
}

// after is the conversation after a step that left it so.
func (in StepInput) after(left Conversation) Conversation {
	is := in.Conversation
	left.ID, left.URL, left.CustomerID, left.OpenedAt, left.Adopted, left.Deleted = is.ID, is.URL, is.CustomerID, is.OpenedAt, is.Adopted, is.Deleted
	return left
}

// Since is when the step's cause was reported: what people chose after that stays.
// A conversation that was opened later, after an outage, may at once have been
// assigned by a rule of Kustomer's.
func Since(in StepInput) time.Time {
	since := in.Is.RangAt
	for _, p := range in.Is.PickUps {
		if !p.Inferred {
			since = p.ReceivedAt
		}
	}
	if isHandOver := in.Causes[0] == call.PickedUp || in.Causes[0] == call.AgentIdentified; isHandOver && since.Before(in.Conversation.OpenedAt) {
		return in.Conversation.OpenedAt
	}
	return since
}

// agents are the Kustomer users of all who had the call so far.
func (in StepInput) agents() (users []string) {
	for _, p := range in.Is.PickUps {
		users = append(users, p.Users...)
		if p.Facts.Agent.SourceID != "" {
			users = append(users, p.Facts.Agent.SourceID)
		}
	}
	slices.Sort(users)
	return slices.Compact(users)
}
