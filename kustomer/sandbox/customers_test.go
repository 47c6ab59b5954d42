package sandbox_test

import (
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestCustomerIsFoundByEveryContact(t *testing.T) {
	s := newSandbox()
	id := mustCreate(t, s, "/v1/customers", `{"name":"Ada","externalId":"crm/7+1",
		"phones":[{"type":"mobile","phone":"+4930111222"},{"phone":"15550100"}],"emails":[{"email":"ada@example.com"}]}`)
	for _, ref := range []string{
		id, "phone=%2B4930111222", "phone=+4930111222", "phone=4930111222", "phone=15550100", "phone=%2B15550100",
		"email=ada%40example.com", "externalId=crm%2F7%2B1", "externalId=crm%2f7+1",
	} {
		r := call(s, "GET", "/v1/customers/"+ref, "")
		require.Equal(t, http.StatusOK, r.status, ref)
		require.Equal(t, id, r.id(t))
	}
	r := call(s, "GET", "/v1/customers/"+id, "")
	require.Equal(t, "customer", r.get(t, "data", "type"))
	require.Equal(t, "/v1/customers/"+id, r.get(t, "data", "links", "self"))
	require.Equal(t, "+4930111222", r.get(t, "data", "attributes", "phones", 0, "phone"))
	require.Equal(t, "2026-05-04T10:30:15.250Z", r.get(t, "data", "attributes", "createdAt"))
}

func TestUnknownCustomerGivesTheRecordedError(t *testing.T) {
	s := newSandbox()
	for _, parameter := range []string{"phone", "email", "externalId"} {
		r := call(s, "GET", "/v1/customers/"+parameter+"=1234", "")
		require.Equal(t, http.StatusNotFound, r.status)
		require.JSONEq(t, `{"errors":[{"status":404,"source":{"parameter":"`+parameter+`"},"code":"notfound","title":"Not Found"}]}`, r.body)
	}
	r := call(s, "GET", "/v1/customers/5f0c1a2b3c4d5e6f70819299", "")
	require.Equal(t, http.StatusNotFound, r.status)
	require.NotEmpty(t, r.get(t, "errors", 0, "message"), "the other shape")
}

func TestDuplicateContactIsRefused(t *testing.T) {
	s := newSandbox()
	mustCreate(t, s, "/v1/customers", `{"externalId":"7","phones":[{"phone":"+4930111222"}],"emails":[{"email":"ada@example.com"}]}`)
	for _, body := range []string{
		`{"phones":[{"phone":"+4930111222"}]}`,
		`{"phones":[{"phone":"+4930999"},{"phone":"4930111222"}]}`,
		`{"externalId":"7"}`,
		`{"emails":[{"email":"ada@example.com"}]}`,
	} {
		require.Equal(t, http.StatusConflict, call(s, "POST", "/v1/customers", body).status, body)
	}
	require.Equal(t, http.StatusNotFound, call(s, "GET", "/v1/customers/phone=4930999", "").status, "a refused customer leaves nothing")
	mustCreate(t, s, "/v1/customers", `{}`)
	mustCreate(t, s, "/v1/customers", `{}`)
}

func TestRacingCustomersCreateOne(t *testing.T) {
	s := newSandbox()
	var created, refused atomic.Int32
	var all sync.WaitGroup
	for range 50 {
		all.Go(func() {
			switch call(s, "POST", "/v1/customers", `{"phones":[{"phone":"+4930111222"}]}`).status {
			case http.StatusCreated:
				created.Add(1)
			case http.StatusConflict:
				refused.Add(1)
			}
			s.State()
		})
	}
	all.Wait()
	require.EqualValues(t, 1, created.Load())
	require.EqualValues(t, 49, refused.Load())
	require.Len(t, s.State().Customers, 1)
}

func TestConversationsOfACustomerArePaged(t *testing.T) {
	s := newSandbox()
	customer := newCustomer(t, s)
	for _, name := range []string{"one", "two", "three"} {
		mustCreate(t, s, "/v1/conversations", `{"customer":"`+customer+`","name":"`+name+`"}`)
	}
	r := call(s, "GET", "/v1/customers/"+customer+"/conversations?pageSize=2", "")
	require.Len(t, r.get(t, "data"), 2)
	require.EqualValues(t, 2, r.get(t, "meta", "pageSize"))
	require.Nil(t, r.get(t, "links", "prev"))
	next := r.get(t, "links", "next").(string)
	require.True(t, strings.HasPrefix(next, "/v1/"), "relative")

	r = call(s, "GET", next, "")
	require.Equal(t, "three", r.get(t, "data", 0, "attributes", "name"))
	require.Nil(t, r.get(t, "links", "next"))
	require.EqualValues(t, 2, r.get(t, "meta", "page"))

	require.Empty(t, call(s, "GET", "/v1/customers/"+customer+"/conversations?page=9", "").get(t, "data"))
	require.Equal(t, http.StatusBadRequest, call(s, "GET", "/v1/customers/"+customer+"/conversations?page=0", "").status)
	require.Equal(t, http.StatusBadRequest, call(s, "GET", "/v1/customers/"+customer+"/conversations?pageSize=x", "").status)
	require.Equal(t, http.StatusNotFound, call(s, "GET", "/v1/customers/none/conversations", "").status)
}
