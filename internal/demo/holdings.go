package demo

import (
	"slices"

	"github.com/callthread/callthread/kustomer"
	"github.com/callthread/callthread/kustomer/sandbox"
)

// holdingsOf sorts what the sandbox holds by the conversations' external ids.
func holdingsOf(state sandbox.State) map[string]found {
	customers, sharing := make(map[string]sandbox.Customer), make(map[string]int)
	for _, customer := range state.Customers {
		customers[customer.ID] = customer
		for _, identity := range identities(customer) {
			sharing[identity]++
		}
	}
	holdings := make(map[string]found)
	for _, conversation := range state.Conversations {
		is, seen := holdings[conversation.ExternalID]
		if !seen {
			is.tags, is.messages = []string{}, []sandbox.Message{} // not nil: none is an answer too
		}
		customer := customers[conversation.CustomerID]
		is.conversations++
		is.status, is.direction = conversation.Status, conversation.Direction
		is.assignedUsers = append(is.assignedUsers, conversation.AssignedUsers...)
		is.tags = append(is.tags, conversation.Tags...)
		is.phones = append(is.phones, customer.Phones...)
		for _, identity := range identities(customer) {
			is.customers = max(is.customers, sharing[identity])
		}
		is.messages = append(is.messages, conversation.Messages...)
		for _, note := range conversation.Notes {
			is.notes = append(is.notes, kustomer.Note{ExternalID: note.ExternalID, Body: note.Body})
		}
		holdings[conversation.ExternalID] = is
	}
	return holdings
}

// identities are what no two customers may share.
func identities(customer sandbox.Customer) []string {
	if customer.ExternalID == "" {
		return customer.Phones
	}
	return append(slices.Clone(customer.Phones), customer.ExternalID)
}
