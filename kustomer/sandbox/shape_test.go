package sandbox_test

import (
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/callthread/callthread/kustomer/sandbox"
	"github.com/stretchr/testify/require"
)

// exchange is a successful request to a route, and its ways to fail: missing is a path to
// an object that does not exist, bad a body or query that is refused. CUSTOMER and
// CONVERSATION stand for ids of existing objects.
type exchange struct{ path, body, missing, bad string }

const nowhere = "5f0c1a2b3c4d5e6f70819299"

func exchanges() map[string]exchange {
	conversation, unknown := "/v1/conversations/CONVERSATION", "/v1/conversations/"+nowhere
	return map[string]exchange{
		"GET /v1/auth/tokens/current":                   {path: "/v1/auth/tokens/current"},
		"GET /v1/users":                                 {path: "/v1/users", bad: "?page=0"},
		"GET /v1/users/current":                         {path: "/v1/users/current"},
		"GET /v1/users/{id}":                            {path: "/v1/users/5f0c1a2b3c4d5e6f70819210", missing: "/v1/users/" + nowhere},
		"GET /v1/teams":                                 {path: "/v1/teams", bad: "?pageSize=x"},
		"GET /v1/tags":                                  {path: "/v1/tags", bad: "?name=a"},
		"GET /v1/metadata/conversation":                 {path: "/v1/metadata/conversation"},
		"POST /v1/customers":                            {path: "/v1/customers", body: `{"name":"Bo","phones":[{"phone":"+4930999"}],"emails":[{"email":"bo@example.com"}]}`, bad: `{"x":1}`},
		"GET /v1/customers/phone={phone}":               {path: "/v1/customers/phone=+4930111222", missing: "/v1/customers/phone=1"},
		"GET /v1/customers/email={email}":               {path: "/v1/customers/email=ada@example.com", missing: "/v1/customers/email=x"},
		"GET /v1/customers/externalId={externalId}":     {path: "/v1/customers/externalId=crm-1", missing: "/v1/customers/externalId=x"},
		"GET /v1/customers/{id}":                        {path: "/v1/customers/CUSTOMER", missing: "/v1/customers/" + nowhere},
		"GET /v1/customers/{id}/conversations":          {path: "/v1/customers/CUSTOMER/conversations", missing: "/v1/customers/" + nowhere + "/conversations", bad: "?fromDate=x"},
		"POST /v1/conversations":                        {path: "/v1/conversations", body: `{"customer":"CUSTOMER","externalId":"y","tags":["a"]}`, bad: `{"customer":"` + nowhere + `"}`},
		"GET /v1/conversations/externalId={externalId}": {path: "/v1/conversations/externalId=x", missing: "/v1/conversations/externalId=z"},
		"GET /v1/conversations/{id}":                    {path: conversation, missing: unknown},
		"PUT /v1/conversations/{id}":                    {path: conversation, body: `{"name":"y"}`, missing: unknown, bad: `{"priority":9}`},
		"PATCH /v1/conversations/{id}":                  {path: conversation, body: `{"status":"snoozed"}`, missing: unknown, bad: `{}`},
		"DELETE /v1/conversations/{id}":                 {path: conversation, missing: unknown},
		"POST /v1/conversations/{id}/tags":              {path: conversation + "/tags", body: `["b"]`, missing: unknown + "/tags", bad: `["#"]`},
		"DELETE /v1/conversations/{id}/tags":            {path: conversation + "/tags", body: `["a"]`, missing: unknown + "/tags", bad: `{}`},
		"POST /v1/conversations/{id}/notes":             {path: conversation + "/notes", body: `{"body":"x","externalId":"n2"}`, missing: unknown + "/notes", bad: `{"body":""}`},
		"GET /v1/conversations/{id}/notes":              {path: conversation + "/notes", missing: unknown + "/notes", bad: "?page=x"},
		"POST /v1/conversations/{id}/messages":          {path: conversation + "/messages", body: `{"channel":"voice","app":"babelforce","externalId":"m2"}`, missing: unknown + "/messages", bad: `{"app":1}`},
		"GET /v1/messages/externalid={externalId}":      {path: "/v1/messages/externalid=x", missing: "/v1/messages/externalid=z"},
	}
}

func TestEveryRouteHasAnExchange(t *testing.T) {
	require.ElementsMatch(t, sandbox.Routes(), slices.Collect(maps.Keys(exchanges())))
}

// answers returns the answers of a route in a new org by status: one success and every failure.
func (e exchange) answers(t *testing.T, route string) map[int]response {
	s := sandbox.New(sandbox.Config{APIKey: apiKey, Now: newClock().Now, Budget: 30})
	customer := mustCreate(t, s, "/v1/customers", `{"name":"Ada","externalId":"crm-1","phones":[{"phone":"+4930111222"}],"emails":[{"email":"ada@example.com"}]}`)
	conversation := mustCreate(t, s, "/v1/conversations", `{"customer":"`+customer+`","externalId":"x","tags":["a"],"custom":{"callIdStr":"a"}}`)
	mustCreate(t, s, "/v1/conversations/"+conversation+"/notes", `{"body":"x","externalId":"n"}`)
	mustCreate(t, s, "/v1/conversations/"+conversation+"/messages", anEmailsMeta)
	ids := strings.NewReplacer("CUSTOMER", customer, "CONVERSATION", conversation)
	method, _, _ := strings.Cut(route, " ")
	asks := func(path, body string) response { return call(s, method, ids.Replace(path), ids.Replace(body)) }

	all := make(map[int]response)
	got := func(want int, r response) {
		require.Equal(t, want, r.status, "%s: %s", route, r.body)
		all[want] = r
	}
	withoutKey := httptest.NewRequest(method, ids.Replace(e.path), strings.NewReader(e.body))
	got(http.StatusUnauthorized, send(s, withoutKey))
	for _, status := range []int{400, 402, 403, 404, 408, 409, 429, 500, 502, 503, 504} {
		s.Inject(sandbox.Fault{Kind: sandbox.FaultStatus, Status: status, Times: 1})
		got(status, asks(e.path, e.body))
	}
	if e.missing != "" {
		got(http.StatusNotFound, asks(e.missing, e.body))
	}
	switch {
	case strings.HasPrefix(e.bad, "?"):
		got(http.StatusBadRequest, asks(e.path+e.bad, ""))
	case e.bad != "":
		got(http.StatusBadRequest, asks(e.path, e.bad))
		got(http.StatusBadRequest, asks(e.path, `{`))
		got(http.StatusRequestEntityTooLarge, asks(e.path, strings.Repeat(" ", 100_001)))
		text := httptest.NewRequest(method, ids.Replace(e.path), strings.NewReader(e.body))
		text.Header.Set("Authorization", "Bearer "+apiKey)
		got(http.StatusUnsupportedMediaType, send(s, text))
	}
	success := asks(e.path, e.body)
	require.Less(t, success.status, 300, "%s: %s", route, success.body)
	all[success.status] = success
	if e.body != "" && strings.Contains(e.body, `"externalId"`) && !strings.HasSuffix(route, "/notes") || route == "POST /v1/customers" {
		got(http.StatusConflict, asks(e.path, e.body))
	}
	for asks(e.path, e.body).status != http.StatusTooManyRequests { // the budget of the minute
	}
	got(http.StatusTooManyRequests, asks(e.path, e.body))
	return all
}

// required lists the attributes that the vendor's document requires of a resource in any
// answer (Core Resources, May 2025). A test compares the list with the document, if present.
var required = map[string][]string{
	"conversation": strings.Fields(`name channels status messageCount noteCount satisfaction createdAt updatedAt modifiedAt tags
		suggestedTags sentiment lastMessageIn assignedUsers assignedTeams firstResponse direction outboundMessageCount externalQueue rev`),
	"customer": strings.Fields(`name displayName displayColor displayIcon externalId externalIds sharedExternalIds signedUpAt
		avatarUrl username emails sharedEmails phones sharedPhones socials sharedSocials urls locations activeUsers watchers
		recentLocation locale timeZone defaultLang birthdayAt gender presence createdAt updatedAt modifiedAt lastSeenAt lastActivityAt
		lastCustomerActivityAt lastMessageIn lastConversation conversationCounts preview tags sentiment progressiveStatus verified rev`),
	"note":     strings.Fields(`body createdAt updatedAt`),
	"message":  strings.Fields(`channel app size direction preview sentiment meta status sentAt createdAt updatedAt modifiedAt`),
	"metadata": strings.Fields(`properties`),
}

// This test finds a missing required attribute even without the vendor's document.
func TestAnswersHaveRequiredAttributes(t *testing.T) {
	for route, e := range exchanges() {
		for status, answer := range e.answers(t, route) {
			switch {
			case status == http.StatusNoContent:
				require.Empty(t, answer.body)
			case status >= 400:
				requireError(t, answer)
			default:
				requireResources(t, answer)
			}
		}
	}
}

// requireError accepts both of the vendor's error shapes.
func requireError(t *testing.T, r response) {
	t.Helper()
	require.NotEmpty(t, r.get(t, "errors"))
	one := r.get(t, "errors", 0).(map[string]any)
	for _, member := range []string{"status", "code", "title", "source"} {
		require.Contains(t, one, member, r.body)
	}
}

func requireResources(t *testing.T, r response) {
	t.Helper()
	items, isList := r.get(t, "data").([]any)
	if !isList {
		items = []any{r.get(t, "data")}
	}
	require.NotEmpty(t, items, r.body)
	for _, item := range items {
		resource := item.(map[string]any)
		for _, member := range []string{"type", "id", "attributes", "relationships", "links"} {
			require.Contains(t, resource, member)
		}
		for _, name := range required[resource["type"].(string)] {
			require.Contains(t, resource["attributes"], name, r.body)
		}
		require.Contains(t, resource["relationships"], "org")
		require.Contains(t, resource["links"], "self")
	}
	if isList {
		require.Contains(t, r.get(t), "meta")
		require.Contains(t, r.get(t, "links"), "next")
	}
}
