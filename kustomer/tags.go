package kustomer

import (
	"context"
	"net/http"
)

// AddTags adds tags by name to those the conversation has, creating names that
// do not exist yet; a tag that is there already stays (inferred). At most 20 at
// a time. OpenAPI: POST /conversations/{id}/tags.
func (c *Client) AddTags(ctx context.Context, conversationID string, tags []string) (*Conversation, error) {
	return c.changed(ctx, tagCall("add tags", http.MethodPost, conversationID, tags))
}

// RemoveTags takes tags by name from the conversation; one that is not there is
// no failure (inferred). The key needs the role org.permission.conversation.delete.
// OpenAPI: DELETE /conversations/{id}/tags.
func (c *Client) RemoveTags(ctx context.Context, conversationID string, tags []string) (*Conversation, error) {
	return c.changed(ctx, tagCall("remove tags", http.MethodDelete, conversationID, tags))
}

func tagCall(op, method, conversationID string, tags []string) call {
	return call{
		op: op, method: method,
		route: "/v1/conversations/{id}/tags", params: map[string]string{"id": conversationID},
		body: append(tagNames{}, tags...), // a nil list would be sent as null
	}
}

// tagNames is what AddTags and RemoveTags send.
type tagNames []string

// Tag is a tag of the organisation.
type Tag struct{ ID, Name string }

func (t *Tag) read(r *resource) error {
	t.ID = r.id
	t.Name, _ = attribute(r, "name", asText)
	return r.needsID()
}

// Tags reads all tags, one request for every 100: conversations have their ids, and
// requests that add tags their names. The key needs the role org.permission.tag.read.
// GET /tags, which is not in the published OpenAPI file (seen in third-party clients).
func (c *Client) Tags(ctx context.Context) ([]Tag, error) {
	return all[Tag](ctx, c, call{op: "list tags", method: http.MethodGet, route: "/v1/tags"})
}
