package kustomer

import (
	"context"
	"net/http"
)

// Attribute is the definition of a custom attribute.
type Attribute struct {
	Type        string   `json:"type"` // a JSON type: string, number, boolean, …
	DisplayName string   `json:"displayName"`
	Enumeration []string `json:"enumeration"` // the only values allowed; empty = any
}

// ConversationMetadata reads the custom attributes that conversations have, by
// the name used in Conversation.Custom. The key needs the role
// org.permission.metadata.read. OpenAPI: GET /metadata/{resource}.
func (c *Client) ConversationMetadata(ctx context.Context) (map[string]Attribute, error) {
	found, err := one[metadata](ctx, c, call{
		op: "read conversation attributes", method: http.MethodGet, route: "/v1/metadata/conversation",
	})
	if err != nil {
		return nil, err
	}
	return found.Properties, nil
}

type metadata struct {
	Properties map[string]Attribute `json:"properties"`
}

func (*metadata) identify(identity) {} // its id is "conversation", as asked for
