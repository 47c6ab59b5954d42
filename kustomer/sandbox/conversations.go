package sandbox

import (
	"cmp"
	"maps"
	"net/http"
	"slices"
	"time"
)

func (s *Server) createConversation(r request) answer {
	if broke := s.schemas.conversation.check(r.body); broke != nil {
		return invalid(*broke)
	}
	body := r.body.(object)
	customer, found := s.store.customerByID[field(body, "customer")]
	if !found {
		return noSuchCustomer()
	}
	if s.taken(field(body, "externalId"), "") {
		return conflict("A conversation with this externalId exists already.", "externalId")
	}
	now := s.now()
	c := Conversation{
		ID:         s.ids.next(now),
		CustomerID: customer.ID, CreatedBy: r.by,
		// These defaults of Kustomer are inferred from the OpenAPI's examples.
		Status: "open", Direction: "in",
		Tags: []string{}, AssignedUsers: []string{}, AssignedTeams: []string{}, Notes: []Note{}, Messages: []Message{},
		Custom:    map[string]any{},
		Rev:       1,
		CreatedAt: now, UpdatedAt: now,
		Log: []Change{{now, "created for " + displayName(customer)}},
	}
	if at, err := time.Parse(time.RFC3339Nano, field(body, "importedAt")); err == nil {
		c.ImportedAt = at
	}
	s.apply(&c, body)
	return one(http.StatusCreated, s.conversationResource(s.store.put(c)))
}

func (s *Server) getConversation(r request) answer {
	c, found := s.store.conversation(r.arg)
	if !found {
		return notFound()
	}
	return one(http.StatusOK, s.conversationResource(c))
}

func (s *Server) conversationByExternalID(r request) answer {
	c, found := s.store.holder(r.arg)
	if !found {
		return lookupMissed("externalId")
	}
	return one(http.StatusOK, s.conversationResource(c))
}

// updateConversation serves PUT and PATCH, which are equivalent without replace=true.
func (s *Server) updateConversation(r request) answer {
	c, found := s.store.conversation(r.arg)
	if !found {
		return notFound()
	}
	if r.query.Get("replace") == "true" {
		return invalid(violation{parameter: "replace", title: "Known to Kustomer, but not modelled by the sandbox"})
	}
	if broken := s.schemas.checkUpdate(r.body); broken != nil {
		return invalidUpdate(broken...)
	}
	body := r.body.(object)
	if rev, sent := body["rev"]; sent && rev != float64(c.Rev) {
		return conflict("The conversation has been changed in the meantime.", "rev")
	}
	if s.taken(field(body, "externalId"), c.ID) {
		return conflict("A conversation with this externalId exists already.", "externalId")
	}
	if id, sent := body["customer"]; sent && s.store.customerByID[id.(string)] == nil {
		return noSuchCustomer()
	}
	next := *c
	s.apply(&next, body)
	return one(http.StatusOK, s.conversationResource(s.commit(c, next)))
}

// taken reports whether another conversation has the external id. That the id is unique is
// documented; that a duplicate is answered with 409 is inferred.
func (s *Server) taken(externalID, byOtherThan string) bool {
	holder, found := s.store.holder(externalID)
	return found && holder.ID != byOtherThan && !s.duplicates
}

func noSuchCustomer() answer {
	return invalid(violation{"customer", "Referenced object does not exist", "/properties/customer"})
}

// apply sets the fields of a valid body and keeps all others. Lists are replaced. Custom
// attributes are merged by name, and null clears one (the merge is inferred from the
// vendor's word "partial").
func (s *Server) apply(c *Conversation, body object) {
	for name := range body {
		switch name {
		case "customer":
			c.CustomerID = field(body, name)
		case "externalId":
			c.ExternalID = field(body, name)
		case "name":
			c.Name = field(body, name)
		case "status":
			c.Status = field(body, name)
		case "direction":
			c.Direction = field(body, name)
		case "priority":
			c.Priority = int(body[name].(float64))
		case "tags":
			c.Tags = s.ensureTags(texts(body[name]))
		case "assignedUsers":
			c.AssignedUsers = texts(body[name])
		case "assignedTeams":
			c.AssignedTeams = texts(body[name])
		case "custom":
			c.Custom = merged(c.Custom, body[name].(object))
		}
	}
}

// commit stores the next version of a conversation. Every accepted write increments rev,
// even one that changes nothing. Whether Kustomer does so is unknown; a client that
// expects too many conflicts is on the safe side.
func (s *Server) commit(c *Conversation, next Conversation) *Conversation {
	next.Rev++
	next.UpdatedAt = s.now()
	next.Log = append(next.Log, Change{next.UpdatedAt, s.describe(*c, next)})
	return s.store.put(next)
}

func (s *Server) addTags(r request) answer {
	c, found := s.store.conversation(r.arg)
	if !found {
		return notFound()
	}
	if broke := tagValues(r.body); broke != nil {
		return invalid(*broke)
	}
	next := *c
	next.Tags = s.store.tagNames(slices.Concat(c.Tags, texts(r.body)))
	if len(next.Tags) > maxTags {
		return invalid(violation{"tags", "A conversation has at most 20 tags", "/maxItems"})
	}
	next.Tags = s.ensureTags(next.Tags)
	return one(http.StatusOK, s.conversationResource(s.commit(c, next)))
}

// removeTags ignores tags that the conversation does not have.
func (s *Server) removeTags(r request) answer {
	c, found := s.store.conversation(r.arg)
	if !found {
		return notFound()
	}
	if broke := tagValues(r.body); broke != nil {
		return invalid(*broke)
	}
	gone := s.store.tagNames(texts(r.body))
	next := *c
	next.Tags = slices.DeleteFunc(slices.Clone(c.Tags), func(name string) bool { return slices.Contains(gone, name) })
	return one(http.StatusOK, s.conversationResource(s.commit(c, next)))
}

// ensureTags converts names and ids to names, and creates unknown tags.
func (s *Server) ensureTags(values []string) []string {
	names := s.store.tagNames(values)
	for _, name := range names {
		if _, exists := s.store.tagNamed(name); !exists {
			now := s.now()
			s.store.tags = append(s.store.tags, tag{s.ids.next(now), name, now})
		}
	}
	return names
}

func (s *Server) conversationResource(c *Conversation) object {
	path := "/v1/conversations/" + c.ID
	attributes := object{
		"name": c.Name, "status": c.Status, "direction": c.Direction, "rev": c.Rev,
		"tags": s.store.tagIDs(c.Tags), "assignedUsers": c.AssignedUsers, "assignedTeams": c.AssignedTeams,
		"custom": c.Custom, "noteCount": len(c.Notes),
		"createdAt": stamp(c.CreatedAt), "updatedAt": stamp(c.UpdatedAt), "modifiedAt": stamp(c.UpdatedAt),
		"channels": channelsOf(c.Messages), "messageCount": len(c.Messages),
		"outboundMessageCount": countOutbound(c.Messages), "satisfaction": 0,
		"suggestedTags": []string{}, "sentiment": object{}, "lastMessageIn": object{}, "firstResponse": object{},
		"externalQueue": "",
	}
	if c.ExternalID != "" {
		attributes["externalId"] = c.ExternalID
	}
	if c.Priority != 0 {
		attributes["priority"] = c.Priority
	}
	if !c.ImportedAt.IsZero() {
		attributes["importedAt"] = stamp(c.ImportedAt) // that answers contain it is inferred
	}
	if c.MergedInto != "" {
		attributes["mergedTarget"] = c.MergedInto // the name is from third-party data; that it is an id is inferred
	}
	return object{
		"type": "conversation", "id": c.ID, "attributes": attributes, "links": self(path),
		"relationships": object{
			"org":        related("org", "/v1/orgs/", orgID),
			"customer":   related("customer", "/v1/customers/", c.CustomerID),
			"messages":   object{"links": self(path + "/messages")},
			"createdBy":  related("user", "/v1/users/", cmp.Or(c.CreatedBy, machineUser.ID)),
			"modifiedBy": related("user", "/v1/users/", machineUser.ID),
		},
	}
}

// field reads a string that may be absent or null.
func field(body object, name string) string {
	s, _ := body[name].(string)
	return s
}

// texts reads a valid array of strings.
func texts(v any) []string {
	out := []string{}
	for _, item := range v.([]any) {
		out = append(out, item.(string))
	}
	return out
}

func merged(base, more map[string]any) map[string]any {
	out := maps.Clone(base)
	maps.Copy(out, more)
	maps.DeleteFunc(out, func(_ string, v any) bool { return v == nil })
	return out
}
