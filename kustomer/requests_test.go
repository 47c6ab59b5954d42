package kustomer

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// sent is a request as received.
type sent struct{ method, uri, body string }

// recording answers like next and records the requests.
func recording(seen *[]sent, next http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		*seen = append(*seen, sent{r.Method, r.RequestURI, string(body)})
		next(w, r)
	}
}

func TestPhonesPlusIsPercentEncoded(t *testing.T) {
	var seen []sent
	c := clientFor(t, recording(&seen, answering(200, `{"data":{"id":"`+customerID+`"}}`)))
	_, err := c.CustomersByPhone(t.Context(), "+4930123456")
	require.NoError(t, err)
	require.Equal(t, "/v1/customers/phone=%2B4930123456", seen[0].uri)
}

func TestPathParameterStaysOneSegment(t *testing.T) {
	var seen []sent
	c := clientFor(t, recording(&seen, answering(200, aConversation)))
	for id, want := range map[string]string{
		"babelforce:c/1 2+3": "babelforce%3Ac%2F1%202%2B3",
		"a?b=c#d%e&f,g":      "a%3Fb%3Dc%23d%25e%26f%2Cg",
		"../{externalId}":    "..%2F%7BexternalId%7D",
		"Ünal":               "%C3%9Cnal",
	} {
		seen = nil
		_, err := c.ConversationByExternalID(t.Context(), id)
		require.NoError(t, err)
		require.Equal(t, "/v1/conversations/externalId="+want, seen[0].uri)
	}
}

func TestEmailIsEncodedInTheQuery(t *testing.T) {
	var email string
	c := clientFor(t, func(w http.ResponseWriter, r *http.Request) {
		email = r.URL.Query().Get("email")
		answering(200, `{"data":[]}`)(w, r)
	})
	found, err := c.UsersByEmail(t.Context(), "o'neil+a&b@example.org")
	require.NoError(t, err)
	require.Empty(t, found)
	require.Equal(t, "o'neil+a&b@example.org", email)
}

func TestRemoveTagsSendsABody(t *testing.T) {
	var seen []sent
	c := clientFor(t, recording(&seen, answering(200, aConversation)))
	_, err := c.RemoveTags(t.Context(), conversationID, []string{"call_lost", "vip"})
	require.NoError(t, err)
	_, err = c.AddTags(t.Context(), conversationID, nil)
	require.NoError(t, err)
	require.Equal(t, []sent{
		{"DELETE", "/v1/conversations/" + conversationID + "/tags", `["call_lost","vip"]`},
		{"POST", "/v1/conversations/" + conversationID + "/tags", `[]`},
	}, seen)
}

func TestUpdateSendsOnlySetFields(t *testing.T) {
	var noTags []string
	noName, rev := "", 0
	for want, update := range map[string]ConversationUpdate{
		`{"status":"done"}`:              {Status: "done"},
		`{"tags":[]}`:                    {Tags: &noTags},
		`{"assignedUsers":[]}`:           {AssignedUsers: &[]string{}},
		`{"assignedTeams":["t"]}`:        {AssignedTeams: &[]string{"t"}},
		`{"name":"","rev":0}`:            {Name: &noName, Rev: &rev},
		`{"custom":{"aStr":null}}`:       {Custom: map[string]any{"aStr": nil}},
		`{"name":"a \u003c b \u0026 c"}`: {Name: ptr("a < b & c")},
	} {
		var seen []sent
		c := clientFor(t, recording(&seen, answering(200, aConversation)))
		_, err := c.UpdateConversation(t.Context(), conversationID, update)
		require.NoError(t, err)
		require.Equal(t, sent{"PUT", "/v1/conversations/" + conversationID, want}, seen[0])
	}
	require.Nil(t, noTags, "the caller's list is left alone")
}

func ptr[T any](v T) *T { return &v }

func TestConversationIsReadWhole(t *testing.T) {
	c := clientFor(t, answering(200, `{"data":{"type":"conversation","id":"`+conversationID+`","attributes":{
		"externalId":"babelforce:1","name":"Call","status":"open","direction":"in","priority":3,"tags":["t1"],
		"assignedUsers":["`+userID+`"],"assignedTeams":["`+teamID+`"],"custom":{"waitNum":7},"rev":4,"noteCount":2,
		"createdAt":"2016-11-09T02:46:29.789Z","updatedAt":"2016-11-09T03:23:34.064Z","satisfaction":null},
		"relationships":{"customer":{"data":{"type":"customer","id":"`+customerID+`"}}}}}`))
	got, err := c.Conversation(t.Context(), conversationID)
	require.NoError(t, err)
	require.Equal(t, &Conversation{
		ID: conversationID, CustomerID: customerID, ExternalID: "babelforce:1", Name: "Call", Status: "open", Priority: 3, Tags: []string{"t1"}, AssignedUsers: []string{userID}, AssignedTeams: []string{teamID},
		Custom: map[string]any{"waitNum": 7.0}, Rev: 4, NoteCount: 2,
		CreatedAt: time.Date(2016, 11, 9, 2, 46, 29, 789e6, time.UTC), UpdatedAt: time.Date(2016, 11, 9, 3, 23, 34, 64e6, time.UTC),
	}, got)
}

func TestMergedTargetIsReadInAnyForm(t *testing.T) {
	for raw, want := range map[string]string{`"5a"`: "5a", `{"id":"5a"}`: "5a", `null`: "", `[1]`: "", `7`: "7"} {
		c := clientFor(t, answering(200, `{"data":{"id":"58","attributes":{"rev":2,"mergedTarget":`+raw+`}}}`))
		got, err := c.Conversation(t.Context(), "58")
		require.NoError(t, err)
		require.Equal(t, want, got.MergedTarget, raw)
		require.Equal(t, 2, got.Rev)
	}
}

func TestLookUpTakesTheFirstOfAList(t *testing.T) {
	c := clientFor(t, answering(200, ` {"data": [{"id":"a"},{"id":"b"}]}`))
	got, err := c.CustomerByExternalID(t.Context(), "crm/1")
	require.NoError(t, err)
	require.Equal(t, "a", got.ID)

	_, err = clientFor(t, answering(200, `{"data":[]}`)).CustomerByExternalID(t.Context(), "crm/1")
	require.True(t, IsKind(err, NotFound))
}

func TestNotesReadsEveryPage(t *testing.T) {
	var seen []sent
	base := "/v1/conversations/" + conversationID + "/notes"
	c := clientFor(t, recording(&seen, func(w http.ResponseWriter, r *http.Request) {
		next := `"https://elsewhere.example` + base + `?page=2&pageSize=100"` // must not receive our key
		if r.URL.Query().Get("page") == "2" {
			next = "null"
		}
		answering(200, fmt.Sprintf(`{"data":[{"id":"n%d","attributes":{"externalId":"x%d","body":"b"}}],"links":{"next":%s}}`, len(seen), len(seen), next))(w, r)
	}))
	notes, err := c.Notes(t.Context(), conversationID)
	require.NoError(t, err)
	require.Equal(t, []Note{{ExternalID: "x1", Body: "b"}, {ExternalID: "x2", Body: "b"}}, notes)
	require.Equal(t, []sent{{"GET", base + "?pageSize=100", ""}, {"GET", base + "?page=2&pageSize=100", ""}}, seen)
}

func TestPartOfAListFails(t *testing.T) {
	var pages int
	var circle []sent
	full := strings.Repeat(`{"id":"a"},`, pageSize-1) + `{"id":"a"}`
	for name, kustomer := range map[string]http.HandlerFunc{
		"endless": func(w http.ResponseWriter, r *http.Request) {
			pages++
			answering(200, fmt.Sprintf(`{"data":[],"links":{"next":"/v1/users?page=%d"}}`, pages))(w, r)
		},
		"in a circle":    recording(&circle, answering(200, `{"data":[],"links":{"next":"/v1/users?page=1"}}`)),
		"item without":   answering(200, `{"data":[{"attributes":{}}]}`),
		"no list":        answering(200, `{"data":{"id":"a"}}`),
		"a link, not":    answering(200, `{"data":[],"links":{"next":"%zz"}}`),
		"no link":        answering(200, `{"data":[`+full+`]}`),
		"odd link":       answering(200, `{"data":[`+full+`],"links":{"next":true}}`),
		"second is down": secondPageFails(),
	} {
		found, err := clientFor(t, kustomer).Users(t.Context())
		if name == "second is down" {
			require.True(t, IsKind(err, Unavailable), name)
		} else {
			require.True(t, IsKind(err, NotUnderstood), name)
		}
		require.Empty(t, found)
	}
	require.Equal(t, maxPages, pages)
	require.Len(t, circle, 2, "a cycle is detected before it uses up the budget")
}

func secondPageFails() http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Query().Get("page") == "2" {
			answering(502, ``)(w, r)
			return
		}
		answering(200, `{"data":[{"id":"a"}],"links":{"next":"/v1/users?page=2"}}`)(w, r)
	}
}

func TestPartialPageNeedsNoLink(t *testing.T) {
	for _, links := range []string{``, `,"links":[]`, `,"links":{"next":{}}`, `,"links":{"next":null}`, `,"links":{"next":""}`} {
		found, err := clientFor(t, answering(200, `{"data":[{"id":"a"}]`+links+`}`)).Users(t.Context())
		require.NoError(t, err, links)
		require.Len(t, found, 1)
	}
}

func TestUsersTeamsAndTheKeyAreRead(t *testing.T) {
	ctx := t.Context()
	list := clientFor(t, answering(200, `{"data":[{"id":"a","attributes":{"name":"N","displayName":"D","email":"e@x.org","userType":"user"}}]}`))
	users, err := list.Users(ctx)
	require.NoError(t, err)
	require.Equal(t, []User{{ID: "a", Name: "N", Email: "e@x.org", Type: "user"}}, users)
	teams, err := list.Teams(ctx)
	require.NoError(t, err)
	require.Equal(t, []Team{{ID: "a"}}, teams)

	single := clientFor(t, answering(200, `{"data":{"id":"a","attributes":{"name":"N","roles":["org.permission.note.read"]}}}`))
	token, err := single.CurrentToken(ctx)
	require.NoError(t, err)
	require.Equal(t, &Token{Roles: []string{"org.permission.note.read"}}, token)
}
