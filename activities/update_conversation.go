package activities

import (
	"context"
	"errors"
	"slices"
	"time"

	"go.temporal.io/sdk/activity"

	"github.com/callthread/callthread/call"
	"github.com/callthread/callthread/kustomer"
)

// updateInput says what happened to a call whose conversation is open.
type updateInput struct {
	Event          call.Kind  `json:"event"`
	Facts          call.Facts `json:"facts"`
	ConversationID string     `json:"conversationId"`
	// Note is the last part of the note's externalId: one note of each kind per call.
	Note string `json:"note"`
	// LookFirst says that this step may have been carried out already, wholly or in part.
	LookFirst bool `json:"lookFirst,omitempty"`
	// Undo are tags of an earlier update that have turned out untrue.
	Undo []string `json:"undo,omitempty"`
	// KeepAssignee leaves the assignment, and the other fields, to a later bridge, which was heard of first.
	KeepAssignee bool `json:"keepAssignee,omitempty"`
	// Left is the conversation as the call's last step has left it.
	Left Conversation `json:"left,omitzero"`
	// Since is when the event was heard of. Whom people assign after that stays assigned.
	Since time.Time `json:"since,omitzero"`
	// Agents are the Kustomer users of all who had the call so far: the call's own steps may have assigned them.
	Agents []string `json:"agents,omitempty"`
	// Corrects says that an outcome was written before.
	Corrects bool `json:"corrects,omitempty"`
	// Amend is what an operator has changed about the step.
	Amend *Amendment `json:"amend,omitempty"`
}

// updateResult says what was changed.
type updateResult struct {
	AssignedUsers []string `json:"assignedUsers,omitempty"`
	AddedTags     []string `json:"addedTags,omitempty"`
	// UpdatedAt is when the last change was known to be made, by the worker's clock.
	UpdatedAt time.Time `json:"updatedAt"`
	// Automations is the version of the automations file that was used.
	Automations string `json:"automations,omitempty"`
	// Warnings say what was left out, and why.
	Warnings []string `json:"warnings,omitempty"`
	// Left is the conversation as this step has left it.
	Left Conversation `json:"left,omitzero"`
	// MovedTo is the conversation into which people have merged the call's, and its address.
	MovedTo    string `json:"movedTo,omitempty"`
	MovedToURL string `json:"movedToUrl,omitempty"`
	// Unassigned says that the agent who has the call is nobody whom Kustomer knows.
	Unassigned bool `json:"unassigned,omitempty"`
	// Gone says that people have deleted the conversation.
	Gone bool `json:"gone,omitempty"`
}

// UpdateConversation carries out the automations of an event on the call's
// conversation: assignment first, because the agent is waiting for it, then
// tags, then the note.
func (a *Activities) updateStep(ctx context.Context, in updateInput) (updateResult, error) {
	leave, err := a.enter(ctx)
	if err != nil {
		return updateResult{}, err
	}
	defer leave()
	ctx, end := begin(ctx)
	defer end()
	automations := a.automations().In(a.country)
	e := &edit{Activities: a, id: in.ConversationID, left: in.Left, since: in.Since, handsOver: in.Event == call.Bridged, corrects: in.Corrects}
	if err := e.assignment(ctx, automations, &in); err != nil {
		return updateResult{}, notStarted(ctx, err)
	}
	if automations.Callers.Returning.Append {
		e.sharedBy = in.Facts.Key
	}
	e.change, e.warnings = automations.Change(in.Event, in.Facts)
	e.ours.name, e.ours.teams = e.change.Name, e.change.AssignedTeams
	e.ours.users = slices.Concat(in.Agents, e.change.AssignedUsers)
	if in.KeepAssignee {
		if err := e.leaveToLater(ctx); err != nil {
			return updateResult{}, notStarted(ctx, err)
		}
	}
	in.Amend.change(&e.change)
	e.change.Untag(in.Undo)
	e.tagUnassigned()
	if in.Note == "" {
		e.change.Note = ""
	}
	if e.change.Message != nil {
		message := a.voiceMessage(*e.change.Message, in.Facts)
		e.message = &message
	}
	if isLocal(ctx) && !e.isConditional() {
		return updateResult{}, notTried("nothing would keep the change from being made twice: it depends on no revision")
	}
	err = e.carryOut(ctx, note(in.Facts.Key, in.Note, e.change.Note), repeated(ctx) || in.LookFirst)
	result := updateResult{
		UpdatedAt: time.Now().UTC(), Automations: automations.Version, Warnings: e.warnings, Left: e.left, Gone: isGone(ctx, err),
	}
	switch {
	case result.Gone:
		return result, nil
	case err != nil && e.done == 0 && !isAmbiguous(err): // for what comes first is conditional
		return updateResult{}, notStarted(ctx, err)
	case err != nil:
		return updateResult{}, failure(ctx, err)
	}
	result.AddedTags, result.Unassigned = e.change.AddTags, e.isUnassigned()
	if sameSet(e.change.AssignedUsers, e.left.AssignedUsers) { // else Kustomer has refused them
		result.AssignedUsers = e.change.AssignedUsers
	}
	if e.id != in.ConversationID {
		result.MovedTo = e.id
		result.MovedToURL = a.kustomer.ConversationURL(in.Facts.Kustomer.CustomerID, e.id)
	}
	return result, nil
}

// carryOut makes the change. Where the conversation turns out to have been
// merged or deleted meanwhile, it looks where to go on.
func (e *edit) carryOut(ctx context.Context, note kustomer.NewNote, look bool) error {
	e.resume(ctx)
	err := e.carryOutOnce(ctx, note, look)
	if errors.Is(err, errMerged) || kustomer.IsKind(err, kustomer.NotFound) {
		e.done = 0
		err = e.carryOutOnce(ctx, note, true)
	}
	if err != nil {
		e.remember(ctx)
	}
	return err
}

func (e *edit) carryOutOnce(ctx context.Context, note kustomer.NewNote, look bool) error {
	if look && e.done == 0 {
		if err := e.look(ctx); err != nil {
			return err
		}
	}
	if look {
		// The note comes last: where it is written, all is.
		written, err := e.hasNote(ctx, e.id, note)
		if written {
			e.takeAsWritten()
		}
		if written || err != nil {
			return err
		}
	}
	soon := kustomer.WithUrgency(ctx, kustomer.Soon) // the agent waits for the assignment, and for nothing after it
	// An outcome that is put right has its note under another name, and its entry is there already.
	if err := e.writeMessage(soon, look || e.corrects); err != nil {
		return err
	}
	e.message = nil
	for _, part := range []func() error{
		func() error { return e.fields(ctx) },
		func() error { return e.addTags(soon) },
		func() error { return e.removeTags(soon) },
	}[e.done:] {
		if err := part(); err != nil {
			return err
		}
		e.done++
	}
	// Be it our own step's, in a workflow task that was lost with its worker: nothing tells the next attempt.
	if e.handsOver && e.wasOthers && !look {
		if written, err := e.hasNote(ctx, e.id, note); written || err != nil {
			return err
		}
	}
	if err := e.writeNote(soon, e.id, note); err != nil {
		return err
	}
	if note.Body != "" {
		e.left.Rev = 0 // a note is a change too, and its answer does not tell the revision
	}
	return nil
}

// progress is how far an attempt has come. The next goes on from there: while
// some of Kustomer's answers fail, a step would otherwise have to get all of
// them right in one go.
type progress struct {
	Done     int          `json:"done"`
	ID       string       `json:"id"`
	Left     Conversation `json:"left"`
	Agent    string       `json:"agent"`
	Assigned []string     `json:"assigned"`
	Warnings []string     `json:"warnings"`
	// Message says that the voice entry is written, or left out.
	Message bool `json:"message,omitempty"`
	// Tagged says that the tags were written with the fields.
	Tagged bool `json:"tagged,omitempty"`
}

// remember tells the next attempt. It is said with a failure only, so that the
// usual step pays nothing for it.
func (e *edit) remember(ctx context.Context) {
	if activity.IsActivity(ctx) {
		activity.RecordHeartbeat(ctx, progress{e.done, e.id, e.left, e.agentUser, e.change.AssignedUsers, e.warnings, e.message == nil, e.tagged})
	}
}

func (e *edit) resume(ctx context.Context) {
	var p progress
	if !repeated(ctx) || !activity.HasHeartbeatDetails(ctx) || activity.GetHeartbeatDetails(ctx, &p) != nil {
		return // nothing is done, as far as is known: to do it again is safe
	}
	if p.ID != e.id {
		e.goOnIn(p.ID)
	}
	if p.Message {
		e.message = nil
	}
	e.done, e.left, e.warnings, e.agentUser, e.change.AssignedUsers, e.tagged = p.Done, p.Left, p.Warnings, p.Agent, p.Assigned, p.Tagged
	if e.otherUser != nil && !e.unassigns {
		e.takeFromEarlier() // for the agent may have turned out to be nobody
	}
}
