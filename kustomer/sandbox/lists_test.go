package sandbox_test

import (
	"net/http"
	"testing"

	"github.com/callthread/callthread/kustomer/sandbox"
	"github.com/stretchr/testify/require"
)

func TestUsersAreFoundByEmailAndID(t *testing.T) {
	s := newSandbox()
	require.Len(t, call(s, "GET", "/v1/users", "").get(t, "data"), len(sandbox.DefaultUsers()))

	r := call(s, "GET", "/v1/users?email=grace.whitfield%40example.com", "")
	require.Len(t, r.get(t, "data"), 1)
	require.Equal(t, "Grace Whitfield", r.get(t, "data", 0, "attributes", "name"))
	require.Empty(t, call(s, "GET", "/v1/users?email=nobody@example.com", "").get(t, "data"))

	id := r.get(t, "data", 0, "id").(string)
	require.Equal(t, id, call(s, "GET", "/v1/users/"+id, "").id(t))
	require.Equal(t, http.StatusNotFound, call(s, "GET", "/v1/users/none", "").status)
}

func TestUnmodelledFilterIsRefused(t *testing.T) {
	s := newSandbox()
	require.Equal(t, http.StatusBadRequest, call(s, "GET", "/v1/users?userType=machine", "").status)
	require.Equal(t, http.StatusBadRequest, call(s, "GET", "/v1/teams?name=Support", "").status)
	require.Equal(t, http.StatusBadRequest, call(s, "GET", "/v1/tags?deleted=true", "").status)
	require.Equal(t, http.StatusOK, call(s, "GET", "/v1/tags?deleted=false", "").status)
}

func TestTeamsNameTheirMembers(t *testing.T) {
	s := sandbox.New(sandbox.Config{
		APIKey: apiKey,
		Users:  []sandbox.User{{ID: "5f0c1a2b3c4d5e6f708192aa", Name: "Only One", Email: "one@example.com"}},
		Teams:  []sandbox.Team{{ID: "5f0c1a2b3c4d5e6f708192bb", Name: "Team", Members: []string{"5f0c1a2b3c4d5e6f708192aa"}}},
	})
	r := call(s, "GET", "/v1/teams", "")
	require.Len(t, r.get(t, "data"), 1)
	require.Equal(t, "Team", r.get(t, "data", 0, "attributes", "name"))
	require.Equal(t, "5f0c1a2b3c4d5e6f708192aa", r.get(t, "data", 0, "attributes", "members", 0))
}

func TestMetadataListsTheDefinedAttributes(t *testing.T) {
	r := call(newSandbox(), "GET", "/v1/metadata/conversation", "")
	require.Len(t, r.get(t, "data", "attributes", "properties"), len(sandbox.DefaultAttributes()))
	require.Equal(t, "number", r.get(t, "data", "attributes", "properties", "durationNum", "type"))
}

func TestTokenHasRoles(t *testing.T) {
	s := newSandbox()
	roles := call(s, "GET", "/v1/auth/tokens/current", "").get(t, "data", "attributes", "roles")
	require.Subset(t, roles, []any{"org.permission.conversation.delete", "org.permission.message.create", "org.permission.message.read"})
	me := call(s, "GET", "/v1/users/current", "")
	require.Equal(t, "machine", me.get(t, "data", "attributes", "userType"))
	require.Equal(t, http.StatusOK, call(s, "GET", "/v1/users/"+me.id(t), "").status)
}
