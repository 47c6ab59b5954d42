package job

import (
	"context"
	"fmt"

	"github.com/callthread/callthread/kustomer"
)

// Activities write to Kustomer, with the same requests as Callthread in number and kind.
type Activities struct{ Kustomer *kustomer.Client }

// CreateConversation finds or creates the caller and creates the call's conversation. It returns
// the id of the conversation.
func (a *Activities) CreateConversation(ctx context.Context, inbound Webhook) (string, error) {
	known, err := a.Kustomer.CustomersByPhone(ctx, inbound.Call.From)
	if err != nil {
		return "", err
	}
	var customerID string
	if len(known) > 0 {
		customerID = known[0].ID
	} else {
		created, err := a.Kustomer.CreateCustomer(ctx, kustomer.NewCustomer{
			Phones: []kustomer.Phone{{Type: "mobile", Phone: inbound.Call.From}},
		})
		if err != nil {
			return "", err
		}
		customerID = created.ID
	}
	conversation, err := a.Kustomer.CreateConversation(ctx, kustomer.NewConversation{
		CustomerID: customerID,
		ExternalID: "babelforce:" + inbound.Call.ID,
		Name:       "Call from " + inbound.Call.From,
		Status:     "open",
		Direction:  "in",
		Tags:       []string{"babelforce", "inbound_call", "call_lost"},
	})
	if err != nil {
		return "", err
	}
	return conversation.ID, nil
}

// UpdateConversation assigns the agent, corrects the tags and writes a note.
func (a *Activities) UpdateConversation(ctx context.Context, conversationID string, bridged Webhook) error {
	agents, tags := []string{bridged.Agent.SourceID}, []string{"babelforce", "inbound_call", "call_answered"}
	if _, err := a.Kustomer.UpdateConversation(ctx, conversationID, kustomer.ConversationUpdate{AssignedUsers: &agents, Tags: &tags}); err != nil {
		return err
	}
	return a.Kustomer.CreateNote(ctx, conversationID, kustomer.NewNote{
		Body: fmt.Sprintf("Answered by %s.\nQueue: %s\nAfter: %d s", bridged.Agent.Name, bridged.Queue.Name, bridged.Call.Duration),
	})
}
