package kustomer

import (
	"context"
	"net/http"
	"time"
)

// Note is internal: agents see it, customers do not (developer site, Create note).
type Note struct {
	ExternalID string
	Body       string
	CreatedAt  time.Time // zero if unknown
}

// read fails if an external id is present but unreadable, because only it identifies a note.
func (n *Note) read(r *resource) error {
	n.ExternalID, _ = attribute(r, "externalId", asText)
	n.Body, _ = attribute(r, "body", asText)
	n.CreatedAt, _ = attribute(r, "createdAt", asTime)
	return r.needs("externalId")
}

// NewNote is what CreateNote sends. Limits (OpenAPI: POST /conversations/{id}/notes):
// Body 1 to 10,240 characters, ExternalID 256.
type NewNote struct {
	Body       string `json:"body"`
	ExternalID string `json:"externalId,omitempty"`
}

// CreateNote adds a note to a conversation. Whether a second note with the same external
// id is refused is not documented: search Notes before repeating an ambiguous request.
// OpenAPI: POST /conversations/{id}/notes.
func (c *Client) CreateNote(ctx context.Context, conversationID string, in NewNote) error {
	return c.done(ctx, call{
		op: "create note", method: http.MethodPost,
		route: "/v1/conversations/{id}/notes", params: map[string]string{"id": conversationID}, body: in,
	})
}

// Notes lists all notes of a conversation, with one request for every 100. It is the
// only way to find a note by its external id. OpenAPI: GET /conversations/{id}/notes.
func (c *Client) Notes(ctx context.Context, conversationID string) ([]Note, error) {
	return all[Note](ctx, c, call{
		op: "list notes", method: http.MethodGet, shadowed: true,
		route: "/v1/conversations/{id}/notes", params: map[string]string{"id": conversationID},
	})
}
