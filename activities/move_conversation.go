package activities

import (
	"context"
	"time"

	"github.com/callthread/callthread/automation"
	"github.com/callthread/callthread/call"
)

// moveInput says who calls, as was learnt after the conversation was opened.
type moveInput struct {
	Facts          call.Facts `json:"facts"`
	ConversationID string     `json:"conversationId"`
	// Left is the conversation as the call's last step has left it.
	Left Conversation `json:"left,omitzero"`
	// Amend is what an operator has changed about the step.
	Amend *Amendment `json:"amend,omitempty"`
}

// moveResult says where the conversation is.
type moveResult struct {
	CustomerID string `json:"customerId"`
	// CallerHash is what the caller's calls can be found by, if there is a number and a key.
	CallerHash string `json:"callerHash,omitempty"`
	// Caller says in words why the conversation belongs to that customer, if it was moved.
	Caller          string    `json:"caller,omitempty"`
	ConversationURL string    `json:"conversationUrl"`
	MovedAt         time.Time `json:"movedAt"`
	// Warnings say what was left as it is, and why.
	Warnings []string `json:"warnings,omitempty"`
	// Left is the conversation as this step has left it.
	Left Conversation `json:"left,omitzero"`
	// Gone says that people have deleted the conversation.
	Gone bool `json:"gone,omitempty"`
}

// MoveConversation gives a conversation that was opened before it was known
// who calls to the calling customer, with the name and attributes that it would have had.
func (a *Activities) moveStep(ctx context.Context, in moveInput) (moveResult, error) {
	ctx, end := begin(ctx)
	defer end()
	automations := a.automations().In(a.country)
	opening, _ := automations.Open(in.Facts)
	known := in.Facts.Kustomer
	result := moveResult{
		CustomerID: known.CustomerID, CallerHash: a.callerHash(in.Facts), ConversationURL: known.ConversationURL,
		MovedAt: time.Now().UTC(), Left: in.Left,
	}
	if opening.Customer != "" {
		return result, nil // all calls belong to this one
	}
	in.Amend.opening(&opening, &in.Facts)
	e := &edit{
		Activities: a, id: in.ConversationID, owner: known.CustomerID, left: in.Left,
		change: automation.Change{Name: opening.Name, Custom: opening.Custom},
	}
	customer, err := owner{id: opening.Customer, decision: "the customer whom an operator has named"}, error(nil)
	if customer.id == "" {
		customer, err = a.callingCustomer(ctx, automations.Callers, in.Facts)
	}
	if err == nil {
		err = e.moveTo(ctx, customer, known.CustomerID)
	}
	if result.Gone = isGone(ctx, err); err != nil && !result.Gone {
		return moveResult{}, failure(ctx, err)
	}
	if e.owner == customer.id {
		result.Caller = customer.decision
	}
	result.CustomerID, result.ConversationURL = e.owner, a.kustomer.ConversationURL(e.owner, in.ConversationID)
	result.Warnings, result.Left = e.warnings, e.left
	return result, nil
}

// moveTo moves the conversation to the caller, unless somebody has moved or merged it.
func (e *edit) moveTo(ctx context.Context, customer owner, from string) error {
	id := e.id
	if err := e.look(ctx); err != nil {
		return err
	}
	switch {
	case e.id != id:
		return nil // whoever merged it knew whose it is
	case e.owner != customer.id && e.owner != from:
		e.warn("somebody has given the conversation to another customer: that was kept")
		return nil
	case e.owner != customer.id:
		if _, err := e.kustomer.MoveConversation(ctx, e.id, customer.id); err != nil {
			return err
		}
		e.owner, e.left.Rev = customer.id, 0
	}
	return e.fields(ctx)
}
