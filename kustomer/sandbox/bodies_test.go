package sandbox_test

import (
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/callthread/callthread/kustomer/sandbox"
	"github.com/stretchr/testify/require"
)

// The operations whose bodies are checked, named as in the vendor's OpenAPI.
const (
	createCustomer     = "POST /customers"
	createConversation = "POST /conversations"
	updateConversation = "PUT /conversations/{id}"
	addTags            = "POST /conversations/{id}/tags"
	removeTags         = "DELETE /conversations/{id}/tags"
	createNote         = "POST /conversations/{id}/notes"
	createMessage      = "POST /conversations/{id}/messages"
)

// bodyCase is one body and whether the sandbox must accept it. CUSTOMER stands for the id
// of an existing customer.
type bodyCase struct {
	operation, body string
	taken           bool
}

// schemaCases depend only on the vendor's request schemas.
func schemaCases() []bodyCase {
	cases := []bodyCase{
		{createConversation, `{}`, false},
		{createConversation, `[]`, false},
		{createConversation, `null`, false},
		{createConversation, `{"customer":"short"}`, false},
		{createConversation, `{"customer":null}`, false},
		{updateConversation, `{}`, false}, // fits both branches of the oneOf
		{updateConversation, `{"customer":"CUSTOMER"}`, true},
		{updateConversation, `{"customer":"CUSTOMER","name":"x"}`, false},
		{updateConversation, `{"rev":"1"}`, false},
		{updateConversation, `{"status":"snoozed"}`, true},
		{updateConversation, `{"name":null,"externalId":null}`, true},
		{createNote, `{}`, false},
		{createNote, `{"body":""}`, false},
		{createNote, `{"body":null}`, false},
		{createNote, `{"body":` + chars(10240) + `}`, true},
		{createNote, `{"body":` + chars(10241) + `}`, false},
		{createNote, `{"body":"x","externalId":` + chars(256) + `}`, true},
		{createNote, `{"body":"x","externalId":` + chars(257) + `}`, false},
		{createNote, `{"body":"x","tags":[]}`, false},
		{createCustomer, `{}`, true},
		{createCustomer, `{"name":null,"externalId":null}`, true},
		{createCustomer, `{"externalId":""}`, false},
		{createCustomer, `{"name":` + chars(257) + `}`, false},
		{createCustomer, `{"phone":"+4930111"}`, false},
		{createCustomer, `{"phones":[{"phone":"+4930111","type":"mobile","verified":true}]}`, true},
		{createCustomer, `{"phones":[{"phone":"anonymous"}]}`, false},
		{createCustomer, `{"phones":[{"phone":"0301"}]}`, false},
		{createCustomer, `{"phones":[{"phone":"+1234567890123456"}]}`, false},
		{createCustomer, `{"phones":[{"type":"mobile"}]}`, false},
		{createCustomer, `{"phones":[{"phone":"+4930111","type":"pager"}]}`, false},
		{createCustomer, `{"phones":[{"phone":"+4930111","label":"x"}]}`, false},
		{createCustomer, `{"phones":["+4930111"]}`, false},
		{createCustomer, `{"sharedPhones":[{"phone":"+4930111","type":"work"}]}`, true},
		{createCustomer, `{"sharedPhones":[{"phone":"anonymous"}]}`, false},
		{createCustomer, `{"sharedPhones":[` + items(11, `{"phone":"+493%d"}`) + `]}`, false},
		{createCustomer, `{"phones":[` + items(10, `{"phone":"+493%d"}`) + `]}`, true},
		{createCustomer, `{"phones":[` + items(11, `{"phone":"+493%d"}`) + `]}`, false},
		{createCustomer, `{"emails":[{"email":"a@example.com","type":"work"}]}`, true},
		{createCustomer, `{"emails":[{"email":"a@example.com","type":"mobile"}]}`, false},
	}
	return slices.Concat(cases, attributeCases(), tagCases(), messageCases())
}

// attributeCases apply to creating and to updating a conversation.
func attributeCases() []bodyCase {
	agent, team := `"5f0c1a2b3c4d5e6f70819210"`, `"5f0c1a2b3c4d5e6f70819220"`
	var cases []bodyCase
	for _, c := range []bodyCase{
		{body: `"name":""`, taken: true},
		{body: `"name":` + chars(256), taken: true},
		{body: `"name":` + chars(257)},
		{body: `"name":7`},
		{body: `"externalId":` + chars(256), taken: true},
		{body: `"externalId":` + chars(257)},
		{body: `"status":"open"`, taken: true},
		{body: `"status":"done"`, taken: true},
		{body: `"status":"closed"`},
		{body: `"direction":"in"`, taken: true},
		{body: `"direction":"inbound"`},
		{body: `"priority":1`, taken: true},
		{body: `"priority":5.0`, taken: true},
		{body: `"priority":0`},
		{body: `"priority":6`},
		{body: `"priority":2.5`},
		{body: `"priority":"3"`},
		{body: `"priority":null`},
		{body: `"tags":[]`, taken: true},
		{body: `"tags":null`},
		{body: `"tags":"a"`},
		{body: `"assignedUsers":[` + agent + `]`, taken: true},
		{body: `"assignedUsers":[` + agent + `,` + agent + `]`},
		{body: `"assignedUsers":["agent"]`},
		{body: `"assignedUsers":[` + items(11, `"5f0c1a2b3c4d5e6f708192%02d"`) + `]`},
		{body: `"assignedTeams":[` + team + `]`, taken: true},
		{body: `"assignedTeams":[""]`},
		{body: `"custom":{}`, taken: true},
		{body: `"custom":[]`},
		{body: `"channel":"voice"`},
		{body: `"description":"x"`},
	} {
		cases = append(cases,
			bodyCase{createConversation, `{"customer":"CUSTOMER",` + c.body + `}`, c.taken},
			bodyCase{updateConversation, `{` + c.body + `}`, c.taken})
	}
	return append(cases, bodyCase{createConversation, `{"customer":"CUSTOMER","status":"snoozed"}`, false})
}

func tagCases() []bodyCase {
	var cases []bodyCase
	for _, c := range []bodyCase{
		{body: `["call_lost","ä/b <x>-1.0","é"]`, taken: true},
		{body: `[` + chars(64) + `]`, taken: true},
		{body: `[` + items(19, `"t%d"`) + `]`, taken: true},
		{body: `[` + chars(65) + `]`},
		{body: `[` + items(21, `"t%d"`) + `]`},
		{body: `["a","a"]`},
		{body: `[""]`},
		{body: `[" a"]`},
		{body: `["a:b"]`},
		{body: `["a#b"]`},
		{body: `["日本"]`},
		{body: `["a\n"]`},
		{body: `[1]`},
		{body: `{"tags":["a"]}`},
	} {
		cases = append(cases, bodyCase{addTags, c.body, c.taken}, bodyCase{removeTags, c.body, c.taken},
			bodyCase{updateConversation, `{"tags":` + c.body + `}`, c.taken})
	}
	return cases
}

// chars returns a JSON string of this number of characters, two bytes each.
func chars(n int) string {
	return strconv.Quote(strings.Repeat("é", n))
}

func items(n int, format string) string {
	var out []string
	for i := range n {
		out = append(out, fmt.Sprintf(format, i))
	}
	return strings.Join(out, ",")
}

// try sends the body to a new sandbox.
func (c bodyCase) try(t *testing.T) response {
	t.Helper()
	s := newSandbox()
	conversation := newConversation(t, s)
	customer := s.State().Customers[0].ID
	method, path, _ := strings.Cut(c.operation, " ")
	path = "/v1" + strings.ReplaceAll(path, "{id}", conversation)
	return call(s, method, path, strings.ReplaceAll(c.body, "CUSTOMER", customer))
}

func TestBodiesAreCheckedByTheirSchema(t *testing.T) {
	for _, c := range schemaCases() {
		r := c.try(t)
		if c.taken {
			require.Less(t, r.status, 300, "%s %s: %s", c.operation, c.body, r.body)
			continue
		}
		require.Equal(t, http.StatusBadRequest, r.status, "%s %s", c.operation, c.body)
		require.Equal(t, "badparam", r.get(t, "errors", 0, "code"))
	}
}

// The OpenAPI counts lengths as JavaScript does: an emoji counts twice.
func TestAnEmojiCountsTwice(t *testing.T) {
	const emoji = "😀"
	for length, want := range map[int]int{128: http.StatusOK, 129: http.StatusBadRequest} {
		body := fmt.Sprintf(`{"name":%q}`, strings.Repeat(emoji, length))
		require.Equal(t, want, bodyCase{operation: updateConversation, body: body}.try(t).status, length)
	}
}

func TestUnknownReferencesAreRefused(t *testing.T) {
	for _, body := range []string{
		`{"assignedUsers":["5f0c1a2b3c4d5e6f70819299"]}`,
		`{"assignedTeams":["5f0c1a2b3c4d5e6f70819210"]}`, // a user
		`{"custom":{"undefinedStr":"x"}}`,
		`{"snooze":{"status":"scheduled"}}`, // Kustomer accepts it, the sandbox does not use it
	} {
		r := bodyCase{updateConversation, body, false}.try(t)
		require.Equal(t, http.StatusBadRequest, r.status, body)
	}
}

func TestCustomValuesMustFitTheSuffix(t *testing.T) {
	long := chars(1025)
	for suffix, values := range map[string]struct{ good, bad []string }{
		"Num":  {[]string{`1`, `-2.5`, `null`}, []string{`"1"`, `true`}},
		"At":   {[]string{`"2026-05-04T10:30:00Z"`, `"2026-05-04T10:30:00.123+02:00"`, `null`}, []string{`"2026-05-04"`, `1777890600`, `""`}},
		"Str":  {[]string{`""`, chars(1024), `null`}, []string{long, `1`}},
		"Txt":  {[]string{`"a\nb"`, chars(1024), `null`}, []string{long, `{}`}},
		"Bool": {[]string{`true`, `false`, `null`}, []string{`"true"`, `0`}},
		"Url":  {[]string{`"https://example.com/r/1?x=y"`, `null`}, []string{`"recording"`, `""`, `1`}},
		"Id":   {[]string{`"5f0c1a2b3c4d5e6f70819210"`, `null`}, []string{`1`}},
	} {
		s := sandbox.New(sandbox.Config{APIKey: apiKey, Attributes: map[string]string{"some" + suffix: "string"}})
		path := "/v1/conversations/" + newConversation(t, s)
		for _, v := range values.good {
			r := call(s, "PUT", path, `{"custom":{"some`+suffix+`":`+v+`}}`)
			require.Equal(t, http.StatusOK, r.status, "%s %s: %s", suffix, v, r.body)
		}
		for _, v := range values.bad {
			require.Equal(t, http.StatusBadRequest, call(s, "PUT", path, `{"custom":{"some`+suffix+`":`+v+`}}`).status, "%s %s", suffix, v)
		}
	}
}

func TestCustomHoldsAtMostAHundredAttributes(t *testing.T) {
	attributes := map[string]string{}
	for i := range 101 {
		attributes[fmt.Sprintf("a%dNum", i)] = "number"
	}
	s := sandbox.New(sandbox.Config{APIKey: apiKey, Attributes: attributes})
	path := "/v1/conversations/" + newConversation(t, s)
	require.Equal(t, http.StatusOK, call(s, "PUT", path, `{"custom":{`+items(100, `"a%dNum":1`)+`}}`).status)
	require.Equal(t, http.StatusBadRequest, call(s, "PUT", path, `{"custom":{`+items(101, `"a%dNum":1`)+`}}`).status)
}
