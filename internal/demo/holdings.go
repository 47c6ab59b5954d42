package demo

import (
	"regexp"
	"slices"

	"github.com/callthread/callthread/kustomer"
	"github.com/callthread/callthread/kustomer/sandbox"
)

// holdingsOf indexes what the sandbox holds by the external ids of the calls.
func holdingsOf(state sandbox.State, client *kustomer.Client) map[string]found {
	customers, sharing := make(map[string]sandbox.Customer), make(map[string]int)
	for _, customer := range state.Customers {
		customers[customer.ID] = customer
		for _, identity := range identities(customer) {
			sharing[identity]++
		}
	}
	holdings := make(map[string]found)
	for _, conversation := range state.Conversations {
		owners := ownersOf(conversation)
		for _, owner := range owners {
			is := heldBy(owner, conversation)
			is.shared, is.url = len(owners) > 1, client.ConversationURL(conversation.CustomerID, conversation.ID)
			if before, seen := holdings[owner]; seen {
				is = before.and(is)
			}
			customer := customers[conversation.CustomerID]
			is.phones = append(is.phones, customer.Phones...)
			for _, identity := range identities(customer) {
				is.customers = max(is.customers, sharing[identity])
			}
			holdings[owner] = is
		}
	}
	return holdings
}

// ownersOf returns the external ids of the calls that use a conversation: its own, and those
// of the calls that have notes or messages in it.
func ownersOf(c sandbox.Conversation) []string {
	owners := []string{c.ExternalID}
	for _, note := range c.Notes {
		owners = append(owners, ownerOf(note.ExternalID, c))
	}
	for _, message := range c.Messages {
		owners = append(owners, ownerOf(message.ExternalID, c))
	}
	slices.Sort(owners)
	return slices.Compact(owners)
}

var ofACall = regexp.MustCompile(`^(` + externalIDPrefix + `[^:]+):`)

// ownerOf returns the call of a note or message: the conversation's own call if the id names none.
func ownerOf(externalID string, c sandbox.Conversation) string {
	if call := ofACall.FindStringSubmatch(externalID); call != nil {
		return call[1]
	}
	return c.ExternalID
}

// heldBy returns what a conversation holds for one of its calls.
func heldBy(owner string, c sandbox.Conversation) found {
	is := found{
		id: c.ID, customerID: c.CustomerID, conversations: 1, name: c.Name, status: c.Status, direction: c.Direction, priority: c.Priority,
		assignedUsers: c.AssignedUsers, assignedTeams: c.AssignedTeams, custom: c.Custom,
		tags: append([]string{}, c.Tags...), messages: []sandbox.Message{}, // empty and not nil: the conversation was read and has none
	}
	for _, note := range c.Notes {
		if ownerOf(note.ExternalID, c) == owner {
			is.notes = append(is.notes, kustomer.Note{ExternalID: note.ExternalID, Body: note.Body})
		}
	}
	for _, message := range c.Messages {
		if ownerOf(message.ExternalID, c) == owner {
			is.messages = append(is.messages, message)
		}
	}
	return is
}

// and adds a second conversation of the same call, which is one too many.
func (f found) and(other found) found {
	other.conversations += f.conversations
	other.notes, other.messages = slices.Concat(f.notes, other.notes), slices.Concat(f.messages, other.messages)
	other.phones, other.customers = f.phones, f.customers
	return other
}

// identities returns the values that no two customers may share.
func identities(customer sandbox.Customer) []string {
	if customer.ExternalID == "" {
		return customer.Phones
	}
	return append(slices.Clone(customer.Phones), customer.ExternalID)
}
