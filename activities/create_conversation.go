package activities

import (
	"cmp"
	"context"
	"time"

	"github.com/callthread/callthread/automation"
	"github.com/callthread/callthread/call"
	"github.com/callthread/callthread/kustomer"
)

// createInput says which call rings.
type createInput struct {
	Facts call.Facts `json:"facts"`
	// LookFirst says that the conversation may exist already: Temporal has
	// remembered or forgotten an earlier run of the call, or this step was refused before.
	LookFirst bool `json:"lookFirst,omitempty"`
	// Existing is the call's conversation, where it is only to be given what it
	// lacks, now that more is known.
	Existing string `json:"existing,omitempty"`
	// Rang is when the call began to ring.
	Rang time.Time `json:"rang,omitzero"`
	// Amend is what an operator has changed about the step.
	Amend *Amendment `json:"amend,omitempty"`
}

// createResult names the call's conversation.
type createResult struct {
	// ConversationID is empty where no automation opens a conversation for this call.
	ConversationID string `json:"conversationId"`
	// ConversationURL is where an agent opens the conversation.
	ConversationURL string `json:"conversationUrl"`
	CustomerID      string `json:"customerId"`
	// Caller says in words how it was decided whose the conversation is.
	Caller string `json:"caller,omitempty"`
	// CallerHash is what the caller's calls can be found by, if there is a number and a key.
	CallerHash string `json:"callerHash,omitempty"`
	// NewCustomer says that the caller was not known to Kustomer before.
	NewCustomer bool `json:"newCustomer,omitempty"`
	// Unassigned says that the agent who has placed the call is nobody whom Kustomer knows.
	Unassigned bool `json:"unassigned,omitempty"`
	// Adopted says that the conversation was there already: an attempt whose
	// answer was lost, or an earlier run of this call, has opened it.
	Adopted bool `json:"adopted,omitempty"`
	// OpenedAt is when the conversation was known to exist, by the worker's clock.
	OpenedAt time.Time `json:"openedAt"`
	// Automations is the version of the automations file that was used.
	Automations string `json:"automations,omitempty"`
	// ExpectsFinish says that the automations act on the end of the call, so that it is worth waiting for.
	ExpectsFinish bool `json:"expectsFinish,omitempty"`
	// ExpectsRecording says that they act on recordings, which come after the end.
	ExpectsRecording bool `json:"expectsRecording,omitempty"`
	// WrapUpTime is how long after the end of an answered call they act again; 0 if they do not.
	WrapUpTime time.Duration `json:"wrapUpTime,omitempty"`
	// Joined says that the call has joined an earlier one's conversation.
	Joined bool `json:"joined,omitempty"`
	// Warnings say what was left out, and why.
	Warnings []string `json:"warnings,omitempty"`
	// Left is the conversation as this step has left it.
	Left Conversation `json:"left,omitzero"`
}

// CreateConversation finds or creates the calling customer and opens the
// call's one conversation, as the automations of call.inbound say.
func (a *Activities) createStep(ctx context.Context, in createInput) (createResult, error) {
	leave, err := a.enter(ctx)
	if err != nil {
		return createResult{}, err
	}
	defer leave()
	ctx, end := begin(ctx)
	defer end()
	automations := a.automations().In(a.country)
	isNobody, err := a.nameAgent(ctx, automations, &in.Facts)
	if err != nil {
		return createResult{}, notStarted(ctx, err)
	}
	opening, warnings := automations.Open(in.Facts)
	result := createResult{
		CallerHash:       a.callerHash(in.Facts),
		Automations:      automations.Version,
		ExpectsRecording: automations.Handles(call.Recorded),
		WrapUpTime:       automations.WrapUpTime(),
		Warnings:         warnings,
	}
	result.ExpectsFinish = automations.Handles(call.Finished) || result.ExpectsRecording || result.WrapUpTime > 0
	if !opening.Wanted {
		return result, nil
	}
	in.Amend.opening(&opening, &in.Facts)
	if result.Unassigned = isNobody; isNobody {
		opening.Tags = append(opening.Tags, UnassignedTag)
	}
	if in.Existing != "" {
		if err := a.completeConversation(ctx, in.Existing, opening, &result); err != nil {
			return createResult{}, failure(ctx, err)
		}
		return result, nil
	}
	customer := owner{id: opening.Customer, catchesAll: true, decision: "the customer whom the automations file names"}
	if in.Amend != nil && in.Amend.Customer != nil {
		customer.decision = "the customer whom an operator has named"
	}
	if opening.Customer == "" {
		if customer, err = a.callingCustomer(ctx, automations.Callers, in.Facts); err != nil {
			return createResult{}, notStarted(ctx, err)
		}
	}
	o := &opened{opening: opening, key: in.Facts.Key, rang: in.Rang, edit: edit{Activities: a, warnings: warnings}}
	if err := o.open(ctx, customer, automations.Callers.Returning, repeated(ctx) || in.LookFirst); err != nil {
		return createResult{}, failure(ctx, err)
	}
	result.ConversationID = o.id
	result.CustomerID = cmp.Or(o.owner, customer.id) // people may have moved one that was there already
	result.ConversationURL = a.kustomer.ConversationURL(result.CustomerID, o.id)
	result.NewCustomer, result.Caller = customer.isNew, customer.decision
	result.Adopted, result.Joined = o.adopted, o.joined
	result.OpenedAt = time.Now().UTC()
	result.Warnings = o.warnings
	result.Left = o.left
	return result, nil
}

// completeConversation gives a call's conversation what it lacks. One that
// people have deleted or merged is left to the step that comes next.
func (a *Activities) completeConversation(ctx context.Context, id string, opening automation.Opening, result *createResult) error {
	result.ConversationID, result.OpenedAt, result.Warnings = id, time.Now().UTC(), nil // which were told before
	found, err := a.kustomer.Conversation(ctx, id)
	switch {
	case kustomer.IsKind(err, kustomer.NotFound):
		return nil
	case err != nil:
		return err
	case found.Deleted || found.MergedTarget != "":
		return nil
	}
	o := &opened{opening: opening, edit: edit{Activities: a}}
	if err := o.adopt(ctx, found); err != nil {
		return err
	}
	if result.Unassigned {
		o.change = automation.Change{AddTags: []string{UnassignedTag}}
		if err := o.addTags(ctx); err != nil {
			return err
		}
	}
	result.CustomerID, result.Left, result.Warnings = found.CustomerID, o.left, o.warnings
	return nil
}
