package sandbox_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/callthread/callthread/kustomer/sandbox"
	"github.com/callthread/callthread/testsuite/document"
)

const aCall = `{"channel":"voice","app":"babelforce","direction":"in","externalId":"babelforce:a/b","subject":"Call","preview":"Answered",
	"sentAt":"2026-05-04T12:30:00+02:00","meta":{"from":"+4930111222","to":"+4930999","steps":[{"seconds":7}]}}`

// messageCases depend only on the vendor's schema, like schemaCases.
func messageCases() []bodyCase {
	cases := []bodyCase{
		{createMessage, `{}`, false},
		{createMessage, `[]`, false},
		{createMessage, `{"channel":"voice"}`, false},
		{createMessage, `{"app":"babelforce"}`, false},
		{createMessage, `{"channel":"telephone","app":"babelforce"}`, false},
		{createMessage, `{"channel":"voice","app":7}`, false},
		{createMessage, aCall, true},
	}
	for _, c := range []bodyCase{
		{body: `"externalId":` + chars(256), taken: true},
		{body: `"externalId":` + chars(257)},
		{body: `"externalId":null`},
		{body: `"subject":` + chars(256), taken: true},
		{body: `"subject":` + chars(257)},
		{body: `"preview":` + chars(10240), taken: true},
		{body: `"preview":` + chars(10241)},
		{body: `"direction":"out"`, taken: true},
		{body: `"direction":"inbound"`},
		{body: `"status":"sent"`, taken: true},
		{body: `"status":"error"`, taken: true},
		{body: `"status":"done"`},
		{body: `"sentAt":"2026-05-04T10:30:00.123Z"`, taken: true},
		{body: `"sentAt":"2026-05-04"`},
		{body: `"sentAt":1777890600`},
		{body: `"sentAt":null`},
		{body: `"meta":{}`, taken: true},
		{body: `"meta":{` + items(100, `"k%d":[1]`) + `}`, taken: true},
		{body: `"meta":{` + items(101, `"k%d":1`) + `}`},
		{body: `"meta":[]`},
		{body: `"meta":null`},
		{body: `"tags":[]`},
		{body: `"body":"x"`},
	} {
		cases = append(cases, bodyCase{createMessage, `{"channel":"voice","app":"babelforce",` + c.body + `}`, c.taken})
	}
	return cases
}

func TestMessageIsStoredAndFound(t *testing.T) {
	s := newSandbox()
	id := newConversation(t, s)
	created := call(s, "POST", "/v1/conversations/"+id+"/messages", aCall)
	require.Equal(t, http.StatusCreated, created.status, created.body)
	found := call(s, "GET", "/v1/messages/externalid=babelforce%3Aa%2Fb", "")
	require.Equal(t, http.StatusOK, found.status)
	require.JSONEq(t, created.body, found.body)
	require.Equal(t, "message", found.get(t, "data", "type"))
	require.Equal(t, id, found.get(t, "data", "relationships", "conversation", "data", "id"))
	require.Equal(t, "2026-05-04T10:30:00.000Z", found.get(t, "data", "attributes", "sentAt"))

	now := newClock().Now()
	require.Equal(t, []sandbox.Message{{
		ID: found.id(t), ExternalID: "babelforce:a/b", Channel: "voice", App: "babelforce", Direction: "in", Status: "received",
		Subject: "Call", Preview: "Answered", SentAt: time.Date(2026, 5, 4, 10, 30, 0, 0, time.UTC), CreatedAt: now,
		Meta: map[string]any{"from": "+4930111222", "to": "+4930999", "steps": []any{map[string]any{"seconds": 7.0}}},
	}}, s.State().Conversations[0].Messages)
}

func TestUnknownMessageIsNotFound(t *testing.T) {
	s := newSandbox()
	missed := call(s, "GET", "/v1/messages/externalid=other", "")
	require.Equal(t, http.StatusNotFound, missed.status)
	require.Equal(t, "externalId", missed.get(t, "errors", 0, "source", "parameter"))
	require.Equal(t, http.StatusNotFound, call(s, "GET", "/v1/messages/externalId=other", "").status, "the vendor's i is small")
	require.Equal(t, http.StatusNotFound, call(s, "POST", "/v1/conversations/none/messages", aCall).status)
}

func TestMessageIncrementsRevAndCount(t *testing.T) {
	clock := newClock()
	s := sandbox.New(sandbox.Config{APIKey: apiKey, Now: clock.Now})
	path := "/v1/conversations/" + newConversation(t, s)
	require.Empty(t, call(s, "GET", path, "").get(t, "data", "attributes", "channels"))
	clock.Advance(time.Second)
	mustCreate(t, s, path+"/messages", aCall)
	mustCreate(t, s, path+"/messages", `{"channel":"voice","app":"babelforce","direction":"out"}`)
	mustCreate(t, s, path+"/messages", `{"channel":"sms","app":"x"}`)

	attributes := call(s, "GET", path, "").get(t, "data", "attributes").(map[string]any)
	require.EqualValues(t, 3, attributes["messageCount"])
	require.EqualValues(t, 1, attributes["outboundMessageCount"])
	require.Equal(t, []any{"voice", "sms"}, attributes["channels"])
	require.EqualValues(t, 4, attributes["rev"])
	require.Equal(t, "2026-05-04T10:30:16.250Z", attributes["updatedAt"])
	require.Equal(t, http.StatusConflict, call(s, "PUT", path, `{"rev":1,"status":"done"}`).status)

	c := s.State().Conversations[0]
	require.Equal(t, "voice message added babelforce:a/b", c.Log[1].What)
	require.Equal(t, "sent", c.Messages[1].Status)
	require.Equal(t, "in", c.Messages[2].Direction)
	require.Equal(t, clock.Now(), c.Messages[2].SentAt)
}

func TestInboundMessageReopensTheConversation(t *testing.T) {
	for _, c := range []struct{ status, direction, want string }{
		{"done", "in", "open"}, {"snoozed", "in", "open"}, {"open", "in", "open"},
		{"done", "out", "done"}, {"snoozed", "out", "snoozed"},
	} {
		s := newSandbox()
		path := "/v1/conversations/" + newConversation(t, s)
		require.Equal(t, http.StatusOK, call(s, "PUT", path, `{"status":"`+c.status+`"}`).status)
		mustCreate(t, s, path+"/messages", strings.Replace(aCall, `"in"`, `"`+c.direction+`"`, 1))
		require.Equal(t, c.want, s.State().Conversations[0].Status, c)
	}
}

func TestDuplicateMessageIsRefused(t *testing.T) {
	s := newSandbox()
	x, y := newPair(t, s)
	mustCreate(t, s, "/v1/conversations/"+x+"/messages", aCall)
	for _, id := range []string{x, y} {
		require.Equal(t, http.StatusConflict, call(s, "POST", "/v1/conversations/"+id+"/messages", aCall).status)
	}
	require.Len(t, s.State().Conversations[0].Messages, 1)
	require.Equal(t, 2, s.State().Conversations[0].Rev, "a refused message changes nothing")

	for range 2 { // without an external id
		mustCreate(t, s, "/v1/conversations/"+x+"/messages", `{"channel":"voice","app":"babelforce"}`)
	}
	require.Equal(t, http.StatusNoContent, call(s, "DELETE", "/v1/conversations/"+x, "").status)
	mustCreate(t, s, "/v1/conversations/"+y+"/messages", aCall)
}

func TestAllowedDuplicateMessagesFindTheOldest(t *testing.T) {
	s := sandbox.New(sandbox.Config{APIKey: apiKey, Now: newClock().Now, AllowDuplicates: true})
	path := "/v1/conversations/" + newConversation(t, s) + "/messages"
	oldest := mustCreate(t, s, path, aCall)
	mustCreate(t, s, path, aCall)
	require.Equal(t, oldest, call(s, "GET", "/v1/messages/externalid=babelforce:a%2Fb", "").id(t))
	require.Len(t, s.State().Conversations[0].Messages, 2)
}

func TestStateOfMessagesIsACopy(t *testing.T) {
	s := newSandbox()
	mustCreate(t, s, "/v1/conversations/"+newConversation(t, s)+"/messages", aCall)
	before, state := s.State(), s.State()
	meta := state.Conversations[0].Messages[0].Meta
	meta["from"] = "changed"
	meta["steps"].([]any)[0].(map[string]any)["seconds"] = 8
	state.Conversations[0].Messages[0].Subject = "changed"
	require.Equal(t, before, s.State())
}

func TestViewShowsMessages(t *testing.T) {
	s := newSandbox()
	id := newConversation(t, s)
	mustCreate(t, s, "/v1/conversations/"+id+"/messages", strings.Replace(aCall, `"Call"`, `"<script>"`, 1))
	view := call(s, "GET", "/sandbox/view?id="+id, "")
	require.Equal(t, "<script>", view.get(t, "selected", "messages", 0, "subject"), "the page makes text of it")
	require.Equal(t, "+4930111222", view.get(t, "selected", "messages", 0, "meta", "from"))
	require.Empty(t, view.get(t, "selected", "customer", "sharedPhones"))

	document.Read(t, "page/style.css").Has(t, "url(phone.svg)")
	require.Equal(t, http.StatusOK, call(s, "GET", "/phone.svg", "").status)
}
