package kustomer

import (
	"context"
	"net/http"
)

// Attribute is the definition of a custom attribute.
type Attribute struct {
	Type string // a JSON type: string, number, boolean, …; empty if unknown
}

// ConversationMetadata reads the definitions of the conversations' custom attributes, by
// the name used in Conversation.Custom. The key needs the role
// org.permission.metadata.read. OpenAPI: GET /metadata/{resource}.
func (c *Client) ConversationMetadata(ctx context.Context) (map[string]Attribute, error) {
	found, err := one[metadata](ctx, c, call{
		op: "read conversation attributes", method: http.MethodGet, route: "/v1/metadata/conversation",
	})
	if err != nil {
		return nil, err
	}
	return found.properties, nil
}

type metadata struct{ properties map[string]Attribute }

func (m *metadata) read(r *resource) error {
	defined, ok := attribute(r, "properties", asObjects)
	if !ok {
		return r.from.notUnderstood("its properties are missing, or have another form than documented")
	}
	m.properties = make(map[string]Attribute)
	for name, definition := range defined {
		kind, _ := asText(object(definition)["type"])
		m.properties[name] = Attribute{Type: kind}
	}
	return nil
}
