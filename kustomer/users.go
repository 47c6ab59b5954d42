package kustomer

import (
	"context"
	"net/http"
	"net/url"
)

// User is an agent, or the machine user of an API key. The sections Users and Teams are
// not in the published OpenAPI file; their attributes come from a client generated from
// the vendor's full file (LarisLab/kustomer-client).
type User struct {
	ID    string
	Name  string
	Email string
	Type  string // user, machine or limited
}

func (u *User) read(r *resource) error {
	u.ID = r.id
	u.Name, _ = attribute(r, "name", asText)
	u.Email, _ = attribute(r, "email", asText)
	u.Type, _ = attribute(r, "userType", asWord)
	return r.needsID()
}

// Team is a named group of users. Conversations can be assigned to it.
type Team struct{ ID string }

func (t *Team) read(r *resource) error {
	t.ID = r.id
	return r.needsID()
}

// UsersByEmail finds the users with exactly this e-mail address. It returns an empty
// list, not NotFound, if there is none. GET /users?email=.
func (c *Client) UsersByEmail(ctx context.Context, email string) ([]User, error) {
	return all[User](ctx, c, call{
		op: "find users by e-mail", method: http.MethodGet, route: "/v1/users",
		query: url.Values{"email": {email}}.Encode(),
	})
}

// Users lists all users, with one request for every 100. GET /users.
func (c *Client) Users(ctx context.Context) ([]User, error) {
	return all[User](ctx, c, call{op: "list users", method: http.MethodGet, route: "/v1/users"})
}

// CurrentUser reads the machine user of the key, which is the creator of everything that
// this client creates. GET /users/current (seen in third-party clients).
func (c *Client) CurrentUser(ctx context.Context) (*User, error) {
	return one[User](ctx, c, call{op: "read the key's user", method: http.MethodGet, route: "/v1/users/current"})
}

// Teams lists all teams; there is no look-up by name. GET /teams.
func (c *Client) Teams(ctx context.Context) ([]Team, error) {
	return all[Team](ctx, c, call{op: "list teams", method: http.MethodGet, route: "/v1/teams"})
}
