package sandbox_test

import (
	"net/http"
	"net/url"
	"testing"
	"time"

	"github.com/callthread/callthread/kustomer/sandbox"
	"github.com/stretchr/testify/require"
)

func TestOwnedNumberPrecedesSharedOnes(t *testing.T) {
	s := newSandbox()
	shared := `{"sharedPhones":[{"phone":"+4930111222","type":"work"},{"phone":"4930111222"}]}`
	for _, ref := range []string{"phone=%2B4930111222", "phone=4930111222"} {
		require.Equal(t, http.StatusNotFound, call(s, "GET", "/v1/customers/"+ref, "").status)
	}
	first := mustCreate(t, s, "/v1/customers", shared)
	r := call(s, "GET", "/v1/customers/phone=%2B4930111222", "")
	require.Equal(t, first, r.id(t), "an object if only one customer has it")
	require.Equal(t, "+4930111222", r.get(t, "data", "attributes", "sharedPhones", 0, "phone"))
	require.Empty(t, r.get(t, "data", "attributes", "phones"))

	second := mustCreate(t, s, "/v1/customers", shared)
	r = call(s, "GET", "/v1/customers/phone=4930111222", "")
	require.Equal(t, http.StatusOK, r.status)
	require.Len(t, r.get(t, "data"), 2)
	require.Equal(t, first, r.get(t, "data", 0, "id"))
	require.Equal(t, second, r.get(t, "data", 1, "id"))

	owner := mustCreate(t, s, "/v1/customers", `{"phones":[{"phone":"+4930111222"}]}`)
	require.Equal(t, owner, call(s, "GET", "/v1/customers/phone=%2B4930111222", "").id(t))
	require.Equal(t, http.StatusConflict, call(s, "POST", "/v1/customers", `{"phones":[{"phone":"+4930111222"}]}`).status)

	state := s.State()
	require.Equal(t, []string{"+4930111222", "4930111222"}, state.Customers[0].SharedPhones)
	state.Customers[0].SharedPhones[0] = "changed"
	require.Equal(t, "+4930111222", s.State().Customers[0].SharedPhones[0])
}

func TestConversationsAreListedFromATime(t *testing.T) {
	clock := newClock()
	s := sandbox.New(sandbox.Config{APIKey: apiKey, Now: clock.Now})
	customer := newCustomer(t, s)
	other := mustCreate(t, s, "/v1/customers", `{}`)
	for _, name := range []string{"one", "two", "three"} {
		mustCreate(t, s, "/v1/conversations", `{"customer":"`+customer+`","name":"`+name+`"}`)
		mustCreate(t, s, "/v1/conversations", `{"customer":"`+other+`"}`)
		clock.Advance(time.Minute)
	}
	path := "/v1/customers/" + customer + "/conversations?fromDate="
	for from, want := range map[string]int{
		"2026-05-04T10:30:15.250Z":                          3,
		"2026-05-04T10:30:16Z":                              2,
		url.QueryEscape("2026-05-04T12:31:15.250+02:00"):    2,
		url.QueryEscape("2026-05-04T12:31:15.250001+02:00"): 1,
		"2026-05-04T11:00:00Z":                              0,
	} {
		require.Len(t, call(s, "GET", path+from, "").get(t, "data"), want, from)
	}
	first := call(s, "GET", path+"2026-05-04T10:31:00Z&pageSize=1", "")
	require.Equal(t, "two", first.get(t, "data", 0, "attributes", "name"))
	second := call(s, "GET", first.get(t, "links", "next").(string), "")
	require.Equal(t, "three", second.get(t, "data", 0, "attributes", "name"), "the link keeps the time")
	require.Nil(t, second.get(t, "links", "next"))

	for _, query := range []string{"", "yesterday", "2026-05-04", "2026-05-04T12:31:15+02:00", "1777890600"} {
		r := call(s, "GET", path+query, "")
		require.Equal(t, http.StatusBadRequest, r.status, query)
		require.Equal(t, "fromDate", r.get(t, "errors", 0, "source", "parameter"))
	}
	require.Equal(t, http.StatusBadRequest, call(s, "GET", "/v1/customers/"+customer+"/conversations?status=open", "").status)
}
