package kustomer

import (
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestAllCustomersWithANumberAreFound(t *testing.T) {
	for body, want := range map[string][]Customer{
		`{"data":{"id":"a","attributes":{"name":"A","phones":[{"phone":"+4930123456","type":"work"}]}}}`: {{ID: "a", Phones: []string{"+4930123456"}}},
		`{"data":[{"id":"a"},{"id":"b","attributes":{"name":"B"}}]}`:                                     {{ID: "a"}, {ID: "b"}},
		`{"data":[]}`:   nil,
		`{"data":null}`: nil,
	} {
		var seen []sent
		found, err := clientFor(t, recording(&seen, answering(200, body))).CustomersByPhone(t.Context(), "+4930123456")
		require.NoError(t, err)
		require.Equal(t, want, found, body)
		require.Equal(t, []sent{{"GET", "/v1/customers/phone=%2B4930123456", ""}}, seen)
	}
}

func TestNoCustomerWithANumberIsNoFailure(t *testing.T) {
	lookUp := func(status int, body string) ([]Customer, error) {
		return clientFor(t, answering(status, body)).CustomersByPhone(t.Context(), "+4930123456")
	}
	found, err := lookUp(404, `{"errors":[{"status":404,"source":{"parameter":"phone"},"code":"notfound","title":"Not Found"}]}`)
	require.NoError(t, err)
	require.Empty(t, found)
	found, err = lookUp(204, "")
	require.NoError(t, err)
	require.Empty(t, found)
	for body, want := range map[string]struct {
		status int
		kind   Kind
	}{
		`<html>Not Found</html>`:   {404, Unavailable}, // a proxy's
		`<html>Welcome</html>`:     {200, Unavailable},
		`{"data":[{"id":"a"},{}]}`: {200, NotUnderstood},
		`{"data":7}`:               {200, NotUnderstood},
		`{}`:                       {200, NotUnderstood},
		``:                         {200, NotUnderstood},
		`{"data":null,"errors":[{"code":"a part"}]}`: {200, NotUnderstood},
		`{"errors":[{"code":"down"}]}`:               {503, Unavailable},
	} {
		found, err := lookUp(want.status, body)
		require.Equal(t, want.kind, KindOf(err), body)
		require.Empty(t, found)
	}
	_, err = lookUp(403, `{"errors":[{"code":"x"}]}`)
	require.EqualError(t, err, "kustomer: cannot find customers by phone: credentials (HTTP 403): x")
}

func TestCustomerConversationsReadsEveryPage(t *testing.T) {
	path := "/v1/customers/" + customerID + "/conversations"
	var seen []sent
	c := clientFor(t, recording(&seen, func(w http.ResponseWriter, r *http.Request) {
		next := `"` + path + `?fromDate=2026-01-02T03%3A04%3A05Z&page=2&pageSize=100"`
		if r.URL.Query().Get("page") == "2" {
			next = "null"
		}
		answering(200, fmt.Sprintf(`{"data":[{"id":"c%d","attributes":{"status":"done","mergedTarget":{"id":"m"},"deleted":true},
			"relationships":{"customer":{"data":{"id":"%s"}}}}],"links":{"next":%s}}`, len(seen), customerID, next))(w, r)
	}))
	from := time.Date(2026, 1, 2, 5, 4, 5, 999e6, time.FixedZone("", 2*60*60))
	found, err := c.CustomerConversations(t.Context(), customerID, from)
	require.NoError(t, err)
	require.Len(t, found, 2)
	for i, one := range found {
		require.Equal(t, fmt.Sprintf("c%d", i+1), one.ID)
		require.Equal(t, []string{customerID, "done", "m"}, []string{one.CustomerID, one.Status, one.MergedTarget})
		require.True(t, one.Deleted)
	}
	require.Equal(t, []sent{
		{"GET", path + "?fromDate=2026-01-02T03%3A04%3A05Z&pageSize=100", ""},
		{"GET", path + "?fromDate=2026-01-02T03%3A04%3A05Z&page=2&pageSize=100", ""},
	}, seen, "in UTC, and rounded so that nothing is left out")
}

func TestCustomerConversationsWithoutATimeAreAll(t *testing.T) {
	var seen []sent
	c := clientFor(t, recording(&seen, answering(200, `{"data":[]}`)))
	found, err := c.CustomerConversations(t.Context(), customerID, time.Time{})
	require.NoError(t, err)
	require.Empty(t, found)
	require.Equal(t, "/v1/customers/"+customerID+"/conversations?pageSize=100", seen[0].uri)

	found, err = clientFor(t, secondPageFails()).CustomerConversations(t.Context(), customerID, time.Time{})
	require.EqualError(t, err, "kustomer: cannot list conversations of customer: unavailable (HTTP 502)")
	require.Empty(t, found)
}
