package kustomer

import (
	"context"
	"net/http"
)

// Token describes an API key, without the key.
type Token struct {
	ID    string   `json:"-"`
	Name  string   `json:"name"`
	Roles []string `json:"roles"` // such as org.permission.conversation.create
}

func (t *Token) identify(who identity) { t.ID = who.id }

// CurrentToken describes the key this client uses. Any valid key may ask,
// whatever its roles, so it also tells whether the key works at all.
// Developer site, Access management: GET /auth/tokens/current.
func (c *Client) CurrentToken(ctx context.Context) (*Token, error) {
	return one[Token](ctx, c, call{
		op: "check the API key", method: http.MethodGet, route: "/v1/auth/tokens/current",
	})
}
