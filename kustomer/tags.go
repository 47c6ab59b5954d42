package kustomer

import (
	"context"
	"net/http"
)

// AddTags adds tags by name and keeps the conversation's other tags. Unknown names are
// created; a tag that the conversation already has is kept (inferred). At most 20 tags
// per request. OpenAPI: POST /conversations/{id}/tags.
func (c *Client) AddTags(ctx context.Context, conversationID string, tags []string) (*Conversation, error) {
	return c.changed(ctx, tagCall("add tags", http.MethodPost, conversationID, tags))
}

// RemoveTags removes tags by name. A tag that the conversation does not have is no
// failure (inferred). The key needs the role org.permission.conversation.delete.
// OpenAPI: DELETE /conversations/{id}/tags.
func (c *Client) RemoveTags(ctx context.Context, conversationID string, tags []string) (*Conversation, error) {
	return c.changed(ctx, tagCall("remove tags", http.MethodDelete, conversationID, tags))
}

func tagCall(op, method, conversationID string, tags []string) call {
	return call{
		op: op, method: method,
		route: "/v1/conversations/{id}/tags", params: map[string]string{"id": conversationID},
		body: append(tagNames{}, tags...), // a nil list would be encoded as null
	}
}

// tagNames is the body that AddTags and RemoveTags send.
type tagNames []string

// Tag is a tag of the organisation.
type Tag struct{ ID, Name string }

func (t *Tag) read(r *resource) error {
	t.ID = r.id
	t.Name, _ = attribute(r, "name", asText)
	return r.needsID()
}

// Tags lists all tags, with one request for every 100. Conversations contain the ids of
// tags, requests their names. The key needs the role org.permission.tag.read.
// GET /tags, which is not in the published OpenAPI file (seen in third-party clients).
func (c *Client) Tags(ctx context.Context) ([]Tag, error) {
	return all[Tag](ctx, c, call{op: "list tags", method: http.MethodGet, route: "/v1/tags"})
}
