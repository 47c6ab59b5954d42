package activities

import (
	"context"
	"time"

	"github.com/callthread/callthread/call"
	"github.com/callthread/callthread/kustomer"
)

// CreateConversationInput says which call rings.
type CreateConversationInput struct {
	Facts call.Facts `json:"facts"`
}

// CreateConversationResult names the call's conversation.
type CreateConversationResult struct {
	ConversationID string `json:"conversationId"`
	// ConversationURL is where an agent opens the conversation.
	ConversationURL string `json:"conversationUrl"`
	CustomerID      string `json:"customerId"`
	// NewCustomer says that the caller was not known to Kustomer before.
	NewCustomer bool `json:"newCustomer,omitempty"`
	// Adopted says that the conversation was there already: an attempt whose
	// answer was lost, or an earlier run of this call, has opened it.
	Adopted bool `json:"adopted,omitempty"`
	// OpenedAt is when the conversation was known to exist, by the worker's clock.
	OpenedAt time.Time `json:"openedAt"`
	// ExpectsFinish says that the automations act on the end of the call, so that it is worth waiting for.
	ExpectsFinish bool `json:"expectsFinish,omitempty"`
	// Warnings say what was left out, and why.
	Warnings []string `json:"warnings,omitempty"`
}

// CreateConversation finds or creates the calling customer and opens the call's one conversation.
func (a *Activities) CreateConversation(ctx context.Context, in CreateConversationInput) (CreateConversationResult, error) {
	options, warnings := a.automations.Create(in.Facts)
	customer, isNew, err := a.callingCustomer(ctx, in.Facts.Leg)
	if err != nil {
		return CreateConversationResult{}, failure(ctx, err)
	}
	conversation, adopted, err := a.openConversation(ctx, kustomer.NewConversation{
		CustomerID: customer.ID,
		ExternalID: externalIDPrefix + in.Facts.Key,
		Name:       options.Name,
		Status:     options.Status,
		Direction:  options.Direction,
		Priority:   options.Priority,
		Tags:       options.Tags,
	})
	if err != nil {
		return CreateConversationResult{}, failure(ctx, err)
	}
	return CreateConversationResult{
		ConversationID:  conversation.ID,
		ConversationURL: a.kustomer.ConversationURL(customer.ID, conversation.ID),
		CustomerID:      customer.ID,
		NewCustomer:     isNew,
		Adopted:         adopted,
		OpenedAt:        time.Now().UTC(),
		ExpectsFinish:   a.automations.Handles(call.Finished),
		Warnings:        warnings,
	}, nil
}

// openConversation creates the conversation unless it exists. Kustomer has no
// idempotency key; the externalId, unique in an org, takes its place.
func (a *Activities) openConversation(ctx context.Context, conversation kustomer.NewConversation) (_ *kustomer.Conversation, adopted bool, err error) {
	if repeated(ctx) {
		found, err := a.kustomer.ConversationByExternalID(ctx, conversation.ExternalID)
		if !kustomer.IsKind(err, kustomer.NotFound) {
			return found, true, err
		}
	}
	created, err := a.kustomer.CreateConversation(ctx, conversation)
	if refused(err) {
		// Which answer a duplicate externalId gets is not documented, so any refusal is checked.
		if found, findErr := a.kustomer.ConversationByExternalID(ctx, conversation.ExternalID); !kustomer.IsKind(findErr, kustomer.NotFound) {
			return found, true, findErr
		}
	}
	return created, false, err
}
