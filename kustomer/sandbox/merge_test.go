package sandbox_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/callthread/callthread/kustomer/sandbox"
	"github.com/stretchr/testify/require"
)

// newPair creates two conversations of one customer, with the external ids x and y.
func newPair(t *testing.T, s *sandbox.Server) (x, y string) {
	t.Helper()
	body := `{"customer":"` + newCustomer(t, s) + `","externalId":`
	return mustCreate(t, s, "/v1/conversations", body+`"x"}`), mustCreate(t, s, "/v1/conversations", body+`"y"}`)
}

func TestMergedConversationHasItsTarget(t *testing.T) {
	s := newSandbox()
	from, into := newPair(t, s)
	before := call(s, "GET", "/v1/conversations/"+into, "").body
	require.NoError(t, s.Merge(from, into))

	r := call(s, "GET", "/v1/conversations/externalId=x", "")
	require.Equal(t, from, r.id(t))
	require.Equal(t, into, r.get(t, "data", "attributes", "mergedTarget"))
	require.Equal(t, "done", r.get(t, "data", "attributes", "status"))
	require.EqualValues(t, 2, r.get(t, "data", "attributes", "rev"))
	require.Equal(t, before, call(s, "GET", "/v1/conversations/"+into, "").body)

	c := s.State().Conversations[0]
	require.Equal(t, into, c.MergedInto)
	require.Equal(t, "status: open → done; merged into "+into, c.Log[1].What)
}

func TestWritesToAMergedConversationStayThere(t *testing.T) {
	s := newSandbox()
	from, into := newPair(t, s)
	require.NoError(t, s.Merge(from, into))
	r := call(s, "PUT", "/v1/conversations/"+from, `{"name":"late"}`)
	require.Equal(t, http.StatusOK, r.status, r.body)
	require.Equal(t, into, r.get(t, "data", "attributes", "mergedTarget"))
	mustCreate(t, s, "/v1/conversations/"+from+"/notes", `{"body":"x"}`)

	conversations := s.State().Conversations
	require.Equal(t, "late", conversations[0].Name)
	require.Len(t, conversations[0].Notes, 1)
	require.Empty(t, conversations[1].Name)
	require.Empty(t, conversations[1].Notes)
	require.Equal(t, 1, conversations[1].Rev)
}

func TestInvalidMergeIsRefused(t *testing.T) {
	s := newSandbox()
	from, into := newPair(t, s)
	merge := func(from, into string) response {
		return call(s, "POST", "/sandbox/merge", `{"from":"`+from+`","into":"`+into+`"}`)
	}
	require.Equal(t, http.StatusNoContent, merge(from, into).status)
	for reason, pair := range map[string][2]string{
		`there is no conversation \"none\"`: {"none", into},
		`there is no conversation \"\"`:     {into, ""},
		`cannot be merged into itself`:      {into, into},
		`is itself merged into another`:     {into, from},
	} {
		r := merge(pair[0], pair[1])
		require.Equal(t, http.StatusBadRequest, r.status, reason)
		require.Contains(t, r.body, reason)
	}
	require.Equal(t, http.StatusBadRequest, call(s, "POST", "/sandbox/merge", `{"to":"x"}`).status)

	require.Equal(t, http.StatusNoContent, call(s, "DELETE", "/v1/conversations/"+into, "").status)
	require.ErrorContains(t, s.Merge(from, into), "there is no conversation")
}

func TestDeletedConversationIsOnNoRoute(t *testing.T) {
	s := newSandbox()
	id, _ := newPair(t, s)
	path := "/v1/conversations/" + id
	mustCreate(t, s, path+"/messages", aCall)
	r := call(s, "DELETE", path, "")
	require.Equal(t, http.StatusNoContent, r.status)
	require.Empty(t, r.body)
	require.Empty(t, r.header.Get("Content-Type"))

	for _, request := range []string{
		"GET " + path, "PUT " + path, "PATCH " + path, "DELETE " + path, "POST " + path + "/tags", "DELETE " + path + "/tags",
		"GET " + path + "/notes", "POST " + path + "/notes", "GET /v1/conversations/externalId=x",
		"POST " + path + "/messages", "GET /v1/messages/externalid=babelforce:a%2Fb",
	} {
		method, path, _ := strings.Cut(request, " ")
		require.Equal(t, http.StatusNotFound, call(s, method, path, `{}`).status, request)
	}
	customer := "/v1/customers/" + s.State().Customers[0].ID
	require.Len(t, call(s, "GET", customer+"/conversations", "").get(t, "data"), 1)
	require.EqualValues(t, 1, call(s, "GET", customer, "").get(t, "data", "attributes", "conversationCounts", "all"))
}

func TestDeletedConversationStaysInTheState(t *testing.T) {
	s := newSandbox()
	id, _ := newPair(t, s)
	call(s, "DELETE", "/v1/conversations/"+id, "")
	conversations := s.State().Conversations
	require.Len(t, conversations, 2)
	require.True(t, conversations[0].Deleted)
	require.Equal(t, "deleted", conversations[0].Log[1].What)
	require.False(t, conversations[1].Deleted)
}

func TestDeletedExternalIDMayBeUsedAgain(t *testing.T) {
	s := newSandbox()
	deleted, other := newPair(t, s)
	call(s, "DELETE", "/v1/conversations/"+deleted, "")
	require.Equal(t, http.StatusOK, call(s, "PUT", "/v1/conversations/"+other, `{"externalId":"x"}`).status)
	require.Equal(t, other, call(s, "GET", "/v1/conversations/externalId=x", "").id(t))
}

func TestViewMarksMergedAndDeleted(t *testing.T) {
	s := newSandbox()
	from, into := newPair(t, s)
	require.NoError(t, s.Merge(from, into))
	call(s, "DELETE", "/v1/conversations/"+into, "")

	view := call(s, "GET", "/sandbox/view?id="+into, "")
	require.Equal(t, true, view.get(t, "rows", 0, "deleted"))
	require.Equal(t, into, view.get(t, "rows", 1, "mergedInto"))
	require.Equal(t, true, view.get(t, "selected", "deleted"), "still in the state")
}
