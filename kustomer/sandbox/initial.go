package sandbox

import "cmp"

// resetStore empties the store and adds the configured customers and conversations.
func (s *Server) resetStore() {
	s.store = newStore()
	for _, c := range s.customers {
		c = c.clone()
		s.store.addCustomer(&c)
	}
	for _, c := range s.conversations {
		c = c.clone()
		c.Status, c.Direction, c.Rev = cmp.Or(c.Status, "open"), cmp.Or(c.Direction, "in"), cmp.Or(c.Rev, 1)
		c.Tags = s.ensureTags(c.Tags)
		// Empty lists are encoded as [] rather than null.
		c.AssignedUsers, c.AssignedTeams = append([]string{}, c.AssignedUsers...), append([]string{}, c.AssignedTeams...)
		c.Notes, c.Messages = append([]Note{}, c.Notes...), append([]Message{}, c.Messages...)
		c.Custom = merged(object{}, c.Custom)
		c.Log = append(c.Log, Change{c.CreatedAt, "existed before the start"})
		s.store.put(c)
	}
}
