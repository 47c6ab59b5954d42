package demo

import (
	"slices"

	"github.com/callthread/callthread/kustomer/sandbox"
)

// holdingsOf sorts what the sandbox holds by the conversations' external ids.
func holdingsOf(state sandbox.State) map[string]found {
	phones := make(map[string][]string)
	for _, customer := range state.Customers {
		phones[customer.ID] = customer.Phones
	}
	holdings := make(map[string]found)
	for _, conversation := range state.Conversations {
		is := holdings[conversation.ExternalID]
		is.conversations++
		is.assignedUsers = append(is.assignedUsers, conversation.AssignedUsers...)
		is.tags = slices.Concat([]string{}, is.tags, conversation.Tags)
		is.phones = append(is.phones, phones[conversation.CustomerID]...)
		for _, note := range conversation.Notes {
			is.notes = append(is.notes, note.ExternalID)
		}
		holdings[conversation.ExternalID] = is
	}
	return holdings
}
