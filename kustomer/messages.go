package kustomer

import (
	"context"
	"net/http"
	"time"
)

// Message is one communication on a conversation's timeline, such as a telephone call.
type Message struct{ ID string }

func (m *Message) read(r *resource) error {
	m.ID = r.id
	return r.needsID()
}

// NewMessage is what CreateMessage sends. Limits (OpenAPI: POST
// /conversations/{id}/messages): ExternalID and Subject 256 characters, Preview
// 10,240, Meta 100 properties.
type NewMessage struct {
	App        string    `json:"app"`                 // required; one stable value per integration (developer site, Get messages)
	Direction  string    `json:"direction,omitempty"` // in or out
	ExternalID string    `json:"externalId,omitempty"`
	Subject    string    `json:"subject,omitempty"`
	Preview    string    `json:"preview,omitempty"` // the text that agents see
	Status     string    `json:"status,omitempty"`  // sent, received or error
	SentAt     time.Time `json:"sentAt,omitzero"`
	// Meta is free-form. For calls, the keys from, to, status, placedAt, answeredAt,
	// endedAt and externalRecordingUrl are seen in third-party data only
	// (MeltanoLabs/tap-kustomer). It is not documented that Kustomer shows them.
	Meta map[string]any `json:"meta,omitempty"`
}

// voiceMessage is the body that CreateMessage sends.
type voiceMessage struct {
	Channel string `json:"channel"`
	NewMessage
}

// CreateMessage writes a telephone call to a conversation's timeline; Kustomer sends no
// message to the customer (developer site, Get messages). A message with direction in
// presumably opens a conversation that is done (inferred), so set that status
// afterwards. External ids are unique, so a second message with the same one is refused,
// presumably as a Conflict (the status is not documented): look it up after any refusal.
// OpenAPI: POST /conversations/{id}/messages.
func (c *Client) CreateMessage(ctx context.Context, conversationID string, in NewMessage) error {
	return c.done(ctx, call{
		op: "create message", method: http.MethodPost,
		route: "/v1/conversations/{id}/messages", params: map[string]string{"id": conversationID}, body: voiceMessage{"voice", in},
	})
}

// MessageByExternalID finds the one message created with this external id. It fails with
// NotFound if there is none. That it finds a message immediately after its creation is
// inferred. OpenAPI: GET /messages/externalid=:externalId, with a lower-case i.
func (c *Client) MessageByExternalID(ctx context.Context, externalID string) (*Message, error) {
	return one[Message](ctx, c, call{
		op: "find message by external id", method: http.MethodGet, shadowed: true,
		route: "/v1/messages/externalid={externalId}", params: map[string]string{"externalId": externalID},
	})
}
