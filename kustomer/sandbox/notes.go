package sandbox

import (
	"net/http"
	"slices"
)

// createNote accepts any externalId, even one that another note of the conversation has.
// What Kustomer does with a duplicate is unknown. If the sandbox refused it, a client
// could seem exactly-once without being so.
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

// noteResource includes the externalId as an attribute, although the vendor's example does
// not (inferred: only the externalId identifies a note).
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
