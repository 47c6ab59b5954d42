package kustomer

import (
	"context"
	"net/http"
)

// Token describes an API key, without the key.
type Token struct {
	Roles []string // such as org.permission.conversation.create
}

func (t *Token) read(r *resource) error {
	var ok bool
	if t.Roles, ok = attribute(r, "roles", asIDs); !ok {
		return r.from.notUnderstood("its roles are missing, or have another form than documented")
	}
	return nil
}

// CurrentToken describes the key that this client uses. Every valid key may read it,
// regardless of its roles, so the request also checks whether the key is valid.
// Developer site, Access management: GET /auth/tokens/current.
func (c *Client) CurrentToken(ctx context.Context) (*Token, error) {
	return one[Token](ctx, c, call{
		op: "check the API key", method: http.MethodGet, route: "/v1/auth/tokens/current",
	})
}
