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
	// ConversationID is empty where no automation opens a conversation for this call.
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
	// Automations is the version of the automations file that was used.
	Automations string `json:"automations,omitempty"`
	// ExpectsFinish says that the automations act on the end of the call, so that it is worth waiting for.
	ExpectsFinish bool `json:"expectsFinish,omitempty"`
	// Warnings say what was left out, and why.
	Warnings []string `json:"warnings,omitempty"`
}

// CreateConversation finds or creates the calling customer and opens the
// call's one conversation, as the automations of call.inbound say.
func (a *Activities) CreateConversation(ctx context.Context, in CreateConversationInput) (CreateConversationResult, error) {
	automations := a.automations().In(a.country)
	opening, warnings := automations.Open(in.Facts)
	result := CreateConversationResult{
		Automations:   automations.Version,
		ExpectsFinish: automations.Handles(call.Finished),
		Warnings:      warnings,
	}
	if !opening.Wanted {
		return result, nil
	}
	customer := &kustomer.Customer{ID: opening.Customer}
	if opening.Customer == "" {
		var err error
		if customer, result.NewCustomer, err = a.callingCustomer(ctx, in.Facts.Leg); err != nil {
			return CreateConversationResult{}, failure(ctx, err)
		}
	}
	conversation, adopted, err := a.openConversation(ctx, kustomer.NewConversation{
		CustomerID:    customer.ID,
		ExternalID:    externalIDPrefix + in.Facts.Key,
		Name:          opening.Name,
		Status:        opening.Status,
		Direction:     opening.Direction,
		Priority:      opening.Priority,
		Tags:          opening.Tags,
		AssignedUsers: opening.AssignedUsers,
		AssignedTeams: opening.AssignedTeams,
		Custom:        opening.Custom,
	})
	if err != nil {
		return CreateConversationResult{}, failure(ctx, err)
	}
	if err := a.writeNote(ctx, conversation.ID, note(in.Facts.Key, string(call.Inbound), opening.Note), adopted); err != nil {
		return CreateConversationResult{}, failure(ctx, err)
	}
	result.ConversationID = conversation.ID
	result.ConversationURL = a.kustomer.ConversationURL(customer.ID, conversation.ID)
	result.CustomerID = customer.ID
	result.Adopted = adopted
	result.OpenedAt = time.Now().UTC()
	return result, nil
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
