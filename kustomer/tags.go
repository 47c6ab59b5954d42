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
		body: append([]string{}, tags...), // a nil list would be sent as null
	}
}
