package sandbox_test

import (
	"net/http"
	"strconv"
	"strings"
	"testing"

	"github.com/callthread/callthread/kustomer/sandbox"
	"github.com/stretchr/testify/require"
)

func TestConversationIsFoundByIDAndExternalID(t *testing.T) {
	s := newSandbox()
	customer := newCustomer(t, s)
	created := call(s, "POST", "/v1/conversations", `{"customer":"`+customer+`","externalId":"babelforce:a/b","name":"Call",
		"status":"done","priority":3,"direction":"out","custom":{"callIdStr":"a","durationNum":12.5}}`)
	require.Equal(t, http.StatusCreated, created.status, created.body)
	for _, ref := range []string{created.id(t), "externalId=babelforce%3Aa%2Fb", "externalId=babelforce:a%2Fb"} {
		r := call(s, "GET", "/v1/conversations/"+ref, "")
		require.Equal(t, http.StatusOK, r.status, ref)
		require.JSONEq(t, created.body, r.body)
	}
	require.Equal(t, customer, created.get(t, "data", "relationships", "customer", "data", "id"))
	require.EqualValues(t, 1, created.get(t, "data", "attributes", "rev"))
	require.EqualValues(t, 12.5, created.get(t, "data", "attributes", "custom", "durationNum"))

	require.Equal(t, http.StatusNotFound, call(s, "GET", "/v1/conversations/5f0c1a2b3c4d5e6f70819299", "").status)
	missed := call(s, "GET", "/v1/conversations/externalId=other", "")
	require.Equal(t, http.StatusNotFound, missed.status)
	require.Equal(t, "externalId", missed.get(t, "errors", 0, "source", "parameter"))
}

func TestConversationNeedsACustomer(t *testing.T) {
	s := newSandbox()
	r := call(s, "POST", "/v1/conversations", `{"customer":"5f0c1a2b3c4d5e6f70819299"}`)
	require.Equal(t, http.StatusBadRequest, r.status)
	require.Equal(t, "customer", r.get(t, "errors", 0, "source", "parameter"))
}

func TestDuplicateConversationIsRefused(t *testing.T) {
	s := newSandbox()
	body := `{"customer":"` + newCustomer(t, s) + `","externalId":"x"`
	first := mustCreate(t, s, "/v1/conversations", body+`}`)
	require.Equal(t, http.StatusConflict, call(s, "POST", "/v1/conversations", body+`,"tags":["fresh"]}`).status)
	require.Empty(t, call(s, "GET", "/v1/tags", "").get(t, "data"), "a refused conversation creates no tags")

	other := mustCreate(t, s, "/v1/conversations", strings.Replace(body, `"x"`, `"y"`, 1)+`}`)
	require.Equal(t, http.StatusConflict, call(s, "PUT", "/v1/conversations/"+other, `{"externalId":"x"}`).status)
	require.Equal(t, http.StatusOK, call(s, "PUT", "/v1/conversations/"+first, `{"externalId":"z"}`).status)
	require.Equal(t, http.StatusOK, call(s, "PUT", "/v1/conversations/"+other, `{"externalId":"x"}`).status)
}

func TestAllowedDuplicatesFindTheOldest(t *testing.T) {
	s := sandbox.New(sandbox.Config{APIKey: apiKey, Now: newClock().Now, AllowDuplicates: true})
	found := func() string { return call(s, "GET", "/v1/conversations/externalId=x", "").id(t) }
	body := `{"customer":"` + newCustomer(t, s) + `"`
	oldest := mustCreate(t, s, "/v1/conversations", body+`}`)
	second := mustCreate(t, s, "/v1/conversations", body+`,"externalId":"x"}`)
	third := mustCreate(t, s, "/v1/conversations", body+`,"externalId":"x"}`)
	require.Equal(t, second, found())

	require.Equal(t, http.StatusOK, call(s, "PUT", "/v1/conversations/"+third, `{"externalId":"x"}`).status)
	require.Equal(t, second, found(), "a write does not change the order")
	require.Equal(t, http.StatusOK, call(s, "PUT", "/v1/conversations/"+oldest, `{"externalId":"x"}`).status)
	require.Equal(t, oldest, found())

	require.Equal(t, http.StatusOK, call(s, "PUT", "/v1/conversations/"+oldest, `{"externalId":null}`).status)
	require.Equal(t, http.StatusNoContent, call(s, "DELETE", "/v1/conversations/"+second, "").status)
	require.Equal(t, third, found())
}

func TestUpdateChangesOnlyNamedFields(t *testing.T) {
	s := newSandbox()
	id := newConversation(t, s)
	agent := "5f0c1a2b3c4d5e6f70819210"
	r := call(s, "PUT", "/v1/conversations/"+id, `{"name":"Call","custom":{"callIdStr":"a","durationNum":1}}`)
	require.Equal(t, http.StatusOK, r.status, r.body)
	r = call(s, "PATCH", "/v1/conversations/"+id, `{"custom":{"durationNum":2,"callIdStr":null},"assignedUsers":["`+agent+`"],"status":"snoozed"}`)
	require.Equal(t, http.StatusOK, r.status, r.body)

	c := s.State().Conversations[0]
	require.Equal(t, "Call", c.Name)
	require.Equal(t, "snoozed", c.Status)
	require.Equal(t, map[string]any{"durationNum": 2.0}, c.Custom, "merged, and null clears")
	require.Equal(t, []string{"call_lost"}, c.Tags)
	require.Equal(t, []string{agent}, c.AssignedUsers)
	require.Equal(t, 3, c.Rev)
	require.Equal(t, "status: open → snoozed; assigned: +Amira Haddad; callIdStr cleared; durationNum = 2", c.Log[2].What)

	call(s, "PUT", "/v1/conversations/"+id, `{"name":null,"tags":["a"],"assignedUsers":[]}`)
	c = s.State().Conversations[0]
	require.Empty(t, c.Name)
	require.Equal(t, []string{"a"}, c.Tags, "a list replaces the list")
	require.Empty(t, c.AssignedUsers)
}

func TestStaleRevIsAConflict(t *testing.T) {
	s := newSandbox()
	id := newConversation(t, s)
	require.Equal(t, http.StatusOK, call(s, "PUT", "/v1/conversations/"+id, `{"rev":1,"name":"first"}`).status)
	require.Equal(t, http.StatusConflict, call(s, "PUT", "/v1/conversations/"+id, `{"rev":1,"name":"second"}`).status)
	require.Equal(t, "first", s.State().Conversations[0].Name)
	require.Equal(t, http.StatusOK, call(s, "PUT", "/v1/conversations/"+id, `{"rev":2,"name":"second"}`).status)
}

func TestEveryWriteIncrementsRev(t *testing.T) {
	s := newSandbox()
	id := newConversation(t, s)
	for i, w := range []struct{ method, path, body string }{
		{"PUT", "", `{"name":"x"}`},
		{"PUT", "", `{"name":"x"}`},
		{"POST", "/tags", `["a"]`},
		{"DELETE", "/tags", `["a"]`},
		{"POST", "/notes", `{"body":"x"}`},
		{"POST", "/messages", `{"channel":"voice","app":"x"}`},
	} {
		r := call(s, w.method, "/v1/conversations/"+id+w.path, w.body)
		require.Less(t, r.status, 300, r.body)
		require.Equal(t, i+2, s.State().Conversations[0].Rev)
	}
	require.Equal(t, "written without changes", s.State().Conversations[0].Log[2].What)
}

func TestRefusedUpdateHasSubErrors(t *testing.T) {
	s := newSandbox()
	id := newConversation(t, s)
	r := call(s, "PUT", "/v1/conversations/"+id, `{"custom":{"notAnActualAttribute":1}}`)
	require.Equal(t, http.StatusBadRequest, r.status)
	require.Equal(t, "notAnActualAttribute", r.get(t, "errors", 0, "source", "parameter"))
	require.Equal(t, "Additional properties not allowed", r.get(t, "errors", 0, "meta", "subErrors", 0, "title"))
	require.Equal(t, "/properties/custom/additionalProperties", r.get(t, "errors", 0, "meta", "subErrors", 0, "source", "pointer"))

	require.Equal(t, http.StatusBadRequest, call(s, "PUT", "/v1/conversations/"+id+"?replace=true", `{"name":"x"}`).status)
	require.Equal(t, http.StatusNotFound, call(s, "PUT", "/v1/conversations/none", `{"name":"x"}`).status)
}

func TestUnknownAttributeGivesTheRecordedError(t *testing.T) {
	s := newSandbox()
	r := call(s, "POST", "/v1/conversations", `{"customer":"`+newCustomer(t, s)+`","custom":{"notAnActualAttribute":1}}`)
	require.Equal(t, http.StatusBadRequest, r.status)
	require.JSONEq(t, `{"errors":[{"status":400,"source":{"parameter":"notAnActualAttribute"},"code":"badparam",
		"title":"Additional properties not allowed","detail":"/properties/custom/additionalProperties"}]}`, r.body)
}

func TestConversationMovesToAnotherCustomer(t *testing.T) {
	s := newSandbox()
	id := newConversation(t, s)
	other := mustCreate(t, s, "/v1/customers", `{}`)
	require.Equal(t, http.StatusOK, call(s, "PUT", "/v1/conversations/"+id, `{"customer":"`+other+`"}`).status)
	require.Equal(t, other, s.State().Conversations[0].CustomerID)
	require.Equal(t, http.StatusBadRequest, call(s, "PUT", "/v1/conversations/"+id, `{"customer":"5f0c1a2b3c4d5e6f70819299"}`).status)
}

func TestTagsAreReturnedAsIDs(t *testing.T) {
	s := newSandbox()
	id := newConversation(t, s)
	r := call(s, "POST", "/v1/conversations/"+id+"/tags", `["vip","Callback","vip back"]`)
	require.Equal(t, http.StatusOK, r.status, r.body)
	tags := call(s, "GET", "/v1/tags", "")
	require.Len(t, tags.get(t, "data"), 4)
	vip := tags.get(t, "data", 1, "id").(string)
	require.Equal(t, "vip", tags.get(t, "data", 1, "attributes", "name"))
	require.Equal(t, vip, r.get(t, "data", "attributes", "tags", 1))

	r = call(s, "POST", "/v1/conversations/"+id+"/tags", `["`+vip+`","vip"]`)
	require.Equal(t, http.StatusOK, r.status)
	require.Equal(t, []string{"call_lost", "vip", "Callback", "vip back"}, s.State().Conversations[0].Tags, "a set")

	r = call(s, "DELETE", "/v1/conversations/"+id+"/tags", `["`+vip+`","call_lost","never there"]`)
	require.Equal(t, http.StatusOK, r.status)
	require.Equal(t, []string{"Callback", "vip back"}, s.State().Conversations[0].Tags)
	require.Len(t, call(s, "GET", "/v1/tags", "").get(t, "data"), 4, "removing creates no tag")
}

func TestConversationHoldsAtMostTwentyTags(t *testing.T) {
	s := newSandbox()
	id := newConversation(t, s)
	var more []string
	for i := range 20 {
		more = append(more, strconv.Quote("t"+strconv.Itoa(i)))
	}
	path := "/v1/conversations/" + id + "/tags"
	require.Equal(t, http.StatusBadRequest, call(s, "POST", path, "["+strings.Join(more, ",")+"]").status)
	require.Len(t, call(s, "GET", "/v1/tags", "").get(t, "data"), 1, "refused tags are not created")
	require.Equal(t, http.StatusOK, call(s, "POST", path, "["+strings.Join(more[:19], ",")+"]").status)
	require.Len(t, s.State().Conversations[0].Tags, 20)
}

func TestNotesArePagedAndCounted(t *testing.T) {
	s := newSandbox()
	id := newConversation(t, s)
	path := "/v1/conversations/" + id + "/notes"
	for i := range 101 {
		mustCreate(t, s, path, `{"body":"line one\nline two","externalId":"n`+strconv.Itoa(i)+`"}`)
	}
	first := call(s, "GET", path+"?pageSize=500", "")
	require.Len(t, first.get(t, "data"), 100, "no page is larger than the limit")
	require.Equal(t, "n0", first.get(t, "data", 0, "attributes", "externalId"))
	second := call(s, "GET", first.get(t, "links", "next").(string), "")
	require.Equal(t, "n100", second.get(t, "data", 0, "attributes", "externalId"))
	require.Nil(t, second.get(t, "links", "next"))
	require.EqualValues(t, 101, call(s, "GET", "/v1/conversations/"+id, "").get(t, "data", "attributes", "noteCount"))
	require.Equal(t, http.StatusNotFound, call(s, "POST", "/v1/conversations/none/notes", `{"body":"x"}`).status)
}

func TestDuplicateNoteIsAccepted(t *testing.T) {
	s := newSandbox()
	path := "/v1/conversations/" + newConversation(t, s) + "/notes"
	mustCreate(t, s, path, `{"body":"x","externalId":"same"}`)
	mustCreate(t, s, path, `{"body":"x","externalId":"same"}`)
	require.Len(t, s.State().Conversations[0].Notes, 2)
}
