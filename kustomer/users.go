package kustomer

import (
	"context"
	"net/http"
	"net/url"
)

// User is an agent, or the machine user behind an API key. The sections Users
// and Teams are not in the published OpenAPI file; their attributes are those of
// a client generated from the vendor's full one (LarisLab/kustomer-client).
type User struct {
	ID          string `json:"-"`
	Name        string `json:"name"`
	DisplayName string `json:"displayName"`
	Email       string `json:"email"`
	Type        string `json:"userType"` // user, machine or limited
}

func (u *User) identify(who identity) { u.ID = who.id }

// Team is a named group of users that conversations can be assigned to.
type Team struct {
	ID          string `json:"-"`
	Name        string `json:"name"`
	DisplayName string `json:"displayName"`
}

func (t *Team) identify(who identity) { t.ID = who.id }

// User reads a user. GET /users/{id}.
func (c *Client) User(ctx context.Context, id string) (*User, error) {
	return one[User](ctx, c, call{
		op: "read user", method: http.MethodGet,
		route: "/v1/users/{id}", params: map[string]string{"id": id},
	})
}

// UsersByEmail finds the users with exactly this e-mail address; none is an
// empty list, not NotFound. GET /users?email=.
func (c *Client) UsersByEmail(ctx context.Context, email string) ([]User, error) {
	return all[User](ctx, c, call{
		op: "find users by e-mail", method: http.MethodGet, route: "/v1/users",
		query: url.Values{"email": {email}}.Encode(),
	})
}

// Users reads all users, one request for every 100 of them. GET /users.
func (c *Client) Users(ctx context.Context) ([]User, error) {
	return all[User](ctx, c, call{op: "list users", method: http.MethodGet, route: "/v1/users"})
}

// Teams reads all teams; there is no look-up by name. GET /teams.
func (c *Client) Teams(ctx context.Context) ([]Team, error) {
	return all[Team](ctx, c, call{op: "list teams", method: http.MethodGet, route: "/v1/teams"})
}
