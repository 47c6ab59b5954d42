package sandbox

import (
	"net/http"
	"slices"
)

// createNote takes any externalId, also one that the conversation has on another note.
// What Kustomer does with a second one is not known; were it refused here, a client
// could look exactly-once without having earned it.
func (s *Server) createNote(r request) answer {
	c, found := s.store.conversation(r.arg)
	if !found {
		return notFound()
	}
	if broke := s.schemas.note.check(r.body); broke != nil {
		return invalid(*broke)
	}
	body := r.body.(object)
	now := s.now()
	n := Note{ID: s.ids.next(now), ExternalID: field(body, "externalId"), Body: field(body, "body"), CreatedAt: now}
	next := *c
	next.Notes = append(slices.Clone(c.Notes), n)
	return one(http.StatusCreated, noteResource(s.commit(c, next), n))
}

func (s *Server) listNotes(r request) answer {
	c, found := s.store.conversation(r.arg)
	if !found {
		return notFound()
	}
	var notes []object
	for _, n := range c.Notes {
		notes = append(notes, noteResource(c, n))
	}
	return page(r, notes, pageLimit)
}

// noteResource shows the externalId among the attributes, which the vendor's example
// does not (inferred: there is no other way to find out which note is which).
func noteResource(c *Conversation, n Note) object {
	attributes := object{"body": n.Body, "createdAt": stamp(n.CreatedAt), "updatedAt": stamp(n.CreatedAt)}
	if n.ExternalID != "" {
		attributes["externalId"] = n.ExternalID
	}
	return object{
		"type": "note", "id": n.ID, "attributes": attributes, "links": self("/v1/notes/" + n.ID),
		"relationships": object{
			"org":          related("org", "/v1/orgs/", orgID),
			"customer":     related("customer", "/v1/customers/", c.CustomerID),
			"conversation": related("conversation", "/v1/conversations/", c.ID),
			"createdBy":    related("user", "/v1/users/", machineUser.ID),
			"userMentions": object{"data": []object{}},
		},
	}
}
