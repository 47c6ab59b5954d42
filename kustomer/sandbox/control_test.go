package sandbox_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"

	"github.com/callthread/callthread/kustomer/sandbox"
	"github.com/stretchr/testify/require"
)

func TestControlManagesFaults(t *testing.T) {
	s := newSandbox()
	r := call(s, "POST", "/sandbox/faults", `{"method":"GET","route":"/v1/tags","kind":"status","status":503,"latencyMs":1,"times":5}`)
	require.Equal(t, http.StatusCreated, r.status, r.body)
	id := r.get(t, "id").(string)
	require.Equal(t, http.StatusServiceUnavailable, call(s, "GET", "/v1/tags", "").status)

	listed := call(s, "GET", "/sandbox/faults", "")
	require.Equal(t, id, listed.get(t, "faults", 0, "id"))
	require.Equal(t, "/v1/tags", listed.get(t, "faults", 0, "route"))
	require.EqualValues(t, 1, listed.get(t, "faults", 0, "latencyMs"))
	require.EqualValues(t, 1, listed.get(t, "faults", 0, "struck"))
	require.Equal(t, true, listed.get(t, "faults", 0, "active"))

	require.Equal(t, http.StatusNotFound, call(s, "DELETE", "/sandbox/faults/other", "").status)
	require.Equal(t, http.StatusNoContent, call(s, "DELETE", "/sandbox/faults/"+id, "").status)
	require.Equal(t, http.StatusOK, call(s, "GET", "/v1/tags", "").status)

	s.Inject(sandbox.Fault{Kind: sandbox.FaultReset})
	require.Equal(t, http.StatusNoContent, call(s, "DELETE", "/sandbox/faults", "").status)
	require.Empty(t, call(s, "GET", "/sandbox/faults", "").get(t, "faults"))
}

func TestFaultForOneCallIsOneLine(t *testing.T) {
	s := newSandbox()
	customer := newCustomer(t, s)
	r := call(s, "POST", "/sandbox/faults", `{"status":400,"externalId":"babelforce:call-2"}`)
	require.Equal(t, http.StatusCreated, r.status, r.body)
	opens := func(key string) int {
		return call(s, "POST", "/v1/conversations", `{"customer":"`+customer+`","externalId":"babelforce:`+key+`"}`).status
	}
	require.Equal(t, http.StatusBadRequest, opens("call-2"))
	require.Equal(t, http.StatusBadRequest, opens("call-2"), "each time")
	require.Equal(t, http.StatusCreated, opens("call-3"), "and no other")
	require.Equal(t, http.StatusNotFound, call(s, "GET", "/v1/conversations/externalId=babelforce:call-2", "").status, "a look-up has no body")
	require.Equal(t, "babelforce:call-2", call(s, "GET", "/sandbox/faults", "").get(t, "faults", 0, "externalId"))
	require.Equal(t, http.StatusNoContent, call(s, "DELETE", "/sandbox/faults", "").status)
	require.Equal(t, http.StatusCreated, opens("call-2"))
}

func TestControlRefusesUnknownInput(t *testing.T) {
	s := newSandbox()
	for body, reason := range map[string]string{
		`{"kind":"reset","sometimes":true}`:      `unknown field \"sometimes\"`,
		`{"retryAfter":"60"}`:                    `kind \"\" is not one of`,
		`{"kind":"reset","retryAfter":"60"}`:     `kind reset accepts neither says nor retryAfter`,
		`{"kind":"explosion"}`:                   `kind \"explosion\" is not one of`,
		`{"kind":"reset","route":"/v1/nowhere"}`: `there is no operation \"/v1/nowhere\"`,
		`{"kind":"reset"} {}`:                    `more than one JSON value`,
		`nonsense`:                               `the body cannot be read`,
	} {
		r := call(s, "POST", "/sandbox/faults", body)
		require.Equal(t, http.StatusBadRequest, r.status, body)
		require.Contains(t, r.body, reason)
	}
	require.Equal(t, http.StatusBadRequest, call(s, "POST", "/sandbox/key", `{}`).status)
}

func TestControlSetsTheKeysValidity(t *testing.T) {
	s := newSandbox()
	require.Equal(t, http.StatusOK, call(s, "POST", "/sandbox/key", `{"valid":false}`).status)
	require.Equal(t, http.StatusUnauthorized, call(s, "GET", "/v1/tags", "").status)
	require.Equal(t, http.StatusOK, call(s, "POST", "/sandbox/key", `{"valid":true}`).status)
	require.Equal(t, http.StatusOK, call(s, "GET", "/v1/tags", "").status)
}

func TestControlShowsAndResetsTheState(t *testing.T) {
	s := newSandbox()
	newConversation(t, s)
	s.Inject(sandbox.Fault{Kind: sandbox.FaultReset})
	var state sandbox.State
	require.NoError(t, json.Unmarshal([]byte(call(s, "GET", "/sandbox/state", "").body), &state))
	require.Equal(t, s.State(), state)

	require.Equal(t, http.StatusNoContent, call(s, "POST", "/sandbox/reset", "").status)
	require.Empty(t, s.State().Customers)
	require.Empty(t, s.State().Conversations)
	require.Empty(t, call(s, "GET", "/v1/tags", "").get(t, "data"), "no tag and no fault is left")
	newConversation(t, s)
}

func TestOtherSitesCannotUseTheControlAPI(t *testing.T) {
	r := httptest.NewRequest("POST", "/sandbox/reset", nil)
	r.Header.Set("Sec-Fetch-Site", "cross-site")
	require.Equal(t, http.StatusForbidden, send(newSandbox(), r).status)
}

func TestPageLoadsNothingFromOtherSites(t *testing.T) {
	s := newSandbox()
	page := call(s, "GET", "/", "")
	require.Equal(t, http.StatusOK, page.status)
	require.Equal(t, "default-src 'self'", page.header.Get("Content-Security-Policy"))
	for _, asset := range []string{"app.js", "style.css", "icon.svg"} {
		require.Contains(t, page.body, `"`+asset+`"`)
		require.Equal(t, http.StatusOK, call(s, "GET", "/"+asset, "").status)
	}
	require.Equal(t, http.StatusNotFound, call(s, "GET", "/nowhere", "").status)
}

func TestPageNeverTurnsValuesIntoMarkup(t *testing.T) {
	script, err := os.ReadFile("page/app.js")
	require.NoError(t, err)
	for _, way := range []string{"innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval("} {
		require.False(t, strings.Contains(string(script), way), way)
	}
}

func TestViewShowsNewestFirstWithNames(t *testing.T) {
	s := newSandbox()
	first := newConversation(t, s)
	customer := s.State().Customers[0].ID
	for range 200 {
		mustCreate(t, s, "/v1/conversations", `{"customer":"`+customer+`"}`)
	}
	last := mustCreate(t, s, "/v1/conversations", `{"customer":"`+customer+`","assignedUsers":["5f0c1a2b3c4d5e6f70819210"],"assignedTeams":["5f0c1a2b3c4d5e6f70819221"]}`)

	view := call(s, "GET", "/sandbox/view?id="+first, "")
	require.Len(t, view.get(t, "rows"), 200)
	require.EqualValues(t, 202, view.get(t, "conversations"))
	require.Equal(t, last, view.get(t, "rows", 0, "id"))
	require.Equal(t, []any{"Amira Haddad", "Billing (team)"}, view.get(t, "rows", 0, "assignees"))
	require.Equal(t, first, view.get(t, "selected", "id"))
	require.Equal(t, "Ada", view.get(t, "selected", "customer", "name"))
	require.Nil(t, call(s, "GET", "/sandbox/view?id=none", "").get(t, "selected"))
}
