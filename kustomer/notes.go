package kustomer

import (
	"context"
	"net/http"
	"time"
)

// Note is internal: agents see it, customers never do (developer site, Create note).
type Note struct {
	ExternalID string
	Body       string
	CreatedAt  time.Time // zero when not known
}

// read needs the external id of a note that has one: nothing else tells notes apart.
func (n *Note) read(r *resource) error {
	n.ExternalID, _ = attribute(r, "externalId", asText)
	n.Body, _ = attribute(r, "body", asText)
	n.CreatedAt, _ = attribute(r, "createdAt", asTime)
	return r.needs("externalId")
}

// NewNote is what CreateNote sends: Body of 1 to 10,240 characters, ExternalID
// of up to 256 (OpenAPI: POST /conversations/{id}/notes).
type NewNote struct {
	Body       string `json:"body"`
	ExternalID string `json:"externalId,omitempty"`
}

// CreateNote writes a note into a conversation. Whether a second note with the
// same external id is refused is not documented: look through Notes before
// repeating an ambiguous one. OpenAPI: POST /conversations/{id}/notes.
func (c *Client) CreateNote(ctx context.Context, conversationID string, in NewNote) error {
	return c.done(ctx, call{
		op: "create note", method: http.MethodPost,
		route: "/v1/conversations/{id}/notes", params: map[string]string{"id": conversationID}, body: in,
	})
}

// Notes reads all notes of a conversation, one request for every 100 of them.
// It is also the only way to find a note by its external id. OpenAPI: GET
// /conversations/{id}/notes.
func (c *Client) Notes(ctx context.Context, conversationID string) ([]Note, error) {
	return all[Note](ctx, c, call{
		op: "list notes", method: http.MethodGet, ofSteps: true,
		route: "/v1/conversations/{id}/notes", params: map[string]string{"id": conversationID},
	})
}
