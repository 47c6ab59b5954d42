package sandbox

import (
	"cmp"
	"net/http"
	"net/url"
	"slices"
	"time"
)

// createMessage records a communication; Kustomer sends nothing. The defaults for
// direction, status and sentAt are inferred.
func (s *Server) createMessage(r request) answer {
	c, found := s.store.conversation(r.arg)
	if !found {
		return notFound()
	}
	if broke := s.schemas.message.check(r.body); broke != nil {
		return invalid(*broke)
	}
	body := r.body.(object)
	// The look-up treats the externalId as unique; that a duplicate is answered with 409 is inferred.
	if _, _, taken := s.store.message(field(body, "externalId")); taken && !s.duplicates {
		return conflict("A message with this externalId exists already.", "externalId")
	}
	m := s.newMessage(body)
	next := *c
	next.Messages = append(slices.Clone(c.Messages), m)
	// The vendor documents that a customer's message reopens a conversation. That one written
	// with an API key does so too is inferred; it is the harder case for a client.
	if m.Direction == "in" {
		next.Status = "open"
	}
	c = s.commit(c, next)
	s.store.addMessage(c, m)
	return one(http.StatusCreated, messageResource(c, m))
}

// newMessage builds a message from a valid body.
func (s *Server) newMessage(body object) Message {
	now := s.now()
	m := Message{
		ID:         s.ids.next(now),
		ExternalID: field(body, "externalId"),
		Channel:    field(body, "channel"),
		App:        field(body, "app"),
		Direction:  cmp.Or(field(body, "direction"), "in"),
		Status:     field(body, "status"),
		Subject:    field(body, "subject"),
		Preview:    field(body, "preview"),
		Meta:       object{},
		SentAt:     now,
		CreatedAt:  now,
	}
	if m.Status == "" {
		m.Status = map[string]string{"in": "received", "out": "sent"}[m.Direction]
	}
	if meta, sent := body["meta"].(object); sent {
		m.Meta = meta
	}
	if at, err := time.Parse(time.RFC3339Nano, field(body, "sentAt")); err == nil {
		m.SentAt = at.UTC()
	}
	return m
}

func (s *Server) messageByExternalID(r request) answer {
	c, m, found := s.store.message(r.arg)
	if !found {
		return lookupMissed("externalId")
	}
	return one(http.StatusOK, messageResource(c, m))
}

// messageResource has a size of 0 and a neutral sentiment, because it is unknown how
// Kustomer computes them.
func messageResource(c *Conversation, m Message) object {
	attributes := object{
		"channel": m.Channel, "app": m.App, "direction": m.Direction, "status": m.Status,
		"preview": m.Preview, "meta": m.Meta, "size": 0, "sentiment": object{"polarity": 0, "confidence": 0},
		"sentAt": stamp(m.SentAt), "createdAt": stamp(m.CreatedAt), "updatedAt": stamp(m.CreatedAt), "modifiedAt": stamp(m.CreatedAt),
	}
	for name, value := range map[string]string{"externalId": m.ExternalID, "subject": m.Subject} {
		if value != "" {
			attributes[name] = value
		}
	}
	return object{
		"type": "message", "id": m.ID, "attributes": attributes,
		// In the vendor's example, related links to the integration's view of the message.
		"links": object{"self": "/v1/messages/" + m.ID, "related": "/v1/" + url.PathEscape(m.App) + "/messages/" + m.ID},
		"relationships": object{
			"org":          related("org", "/v1/orgs/", orgID),
			"customer":     related("customer", "/v1/customers/", c.CustomerID),
			"conversation": related("conversation", "/v1/conversations/", c.ID),
			"createdBy":    related("user", "/v1/users/", machineUser.ID),
			"modifiedBy":   related("user", "/v1/users/", machineUser.ID),
		},
	}
}

// channelsOf lists each channel of a conversation's messages once. That Kustomer derives
// them from the messages is inferred.
func channelsOf(messages []Message) []string {
	channels := []string{}
	for _, m := range messages {
		if !slices.Contains(channels, m.Channel) {
			channels = append(channels, m.Channel)
		}
	}
	return channels
}

func countOutbound(messages []Message) (n int) {
	for _, m := range messages {
		if m.Direction == "out" {
			n++
		}
	}
	return n
}
