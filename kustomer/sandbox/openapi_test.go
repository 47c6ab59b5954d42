package sandbox_test

import (
	"encoding/json"
	"net/http"
	"regexp"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/stretchr/testify/require"

	"github.com/callthread/callthread/kustomer/sandbox"
	"github.com/callthread/callthread/testsuite/openapi"
)

func vendorOperation(t *testing.T, operation string) *openapi3.Operation {
	t.Helper()
	method, path, _ := strings.Cut(operation, " ")
	op := vendorDocument(t).Paths.Value(path).GetOperation(method)
	require.NotNil(t, op, operation)
	return op
}

var loaded *openapi3.T

func vendorDocument(t *testing.T) *openapi3.T {
	t.Helper()
	if loaded != nil {
		return loaded
	}
	loaded = openapi.Kustomer(t)
	// The document names these formats and leaves their meaning to the reader.
	for name, pattern := range map[string]string{
		"object-id":    `^[0-9a-fA-F]{24}$`,
		"phone-number": `^\+?[1-9]\d{1,14}$`,
	} {
		openapi3.DefineStringFormatValidator(name, openapi3.NewRegexpFormatValidator(regexp.MustCompile(pattern).String()))
	}
	return loaded
}

func TestSandboxTakesWhatTheVendorsSchemasTake(t *testing.T) {
	vendorDocument(t)
	taken, refused := 0, 0
	for _, c := range schemaCases() {
		schema := vendorOperation(t, c.operation).RequestBody.Value.Content["application/json"].Schema.Value
		var body any
		text := strings.ReplaceAll(c.body, "CUSTOMER", "5f0c1a2b3c4d5e6f70819299")
		require.NoError(t, json.Unmarshal([]byte(text), &body))
		err := schema.VisitJSON(body, openapi3.VisitAsRequest(), openapi3.EnableFormatValidation())
		require.Equal(t, c.taken, err == nil, "%s %s: %v", c.operation, c.body, err)
		if c.taken {
			taken++
		} else {
			refused++
		}
	}
	require.Greater(t, taken, 30)
	require.Greater(t, refused, 60)
}

// The vendor's schema of a message that was looked up is drawn from an e-mail, and asks
// for what only an e-mail's meta holds.
const anEmailsMeta = `{"channel":"voice","app":"babelforce","externalId":"x","meta":{
	"subject":"","from":"+4930111222","to":[],"cc":[],"recipient":{"email":"","mailboxHash":""},"inReplyTo":""}}`

func TestAnswersFitTheVendorsSchemas(t *testing.T) {
	vendorDocument(t)
	s := newSandbox()
	customer := newCustomer(t, s)
	create := call(s, "POST", "/v1/conversations", `{"customer":"`+customer+`","externalId":"x","tags":["a"],"custom":{"callIdStr":"a"}}`)
	path := "/v1/conversations/" + create.id(t)
	for _, c := range []struct {
		operation string
		answer    response
	}{
		{"POST /conversations", create},
		{"PUT /conversations/{id}", call(s, "PUT", path, `{"name":"y"}`)},
		{"POST /conversations/{id}/tags", call(s, "POST", path+"/tags", `["b"]`)},
		{"DELETE /conversations/{id}/tags", call(s, "DELETE", path+"/tags", `["b"]`)},
		{"POST /conversations/{id}/notes", call(s, "POST", path+"/notes", `{"body":"x","externalId":"n"}`)},
		{"GET /conversations/{id}/notes", call(s, "GET", path+"/notes", "")},
		{"POST /conversations/{id}/messages", call(s, "POST", path+"/messages", anEmailsMeta)},
		{"GET /messages/externalid=:externalId", call(s, "GET", "/v1/messages/externalid=x", "")},
		{"GET /conversations/{id}", call(s, "GET", path, "")},
		{"GET /conversations/externalId={externalId}", call(s, "GET", "/v1/conversations/externalId=x", "")},
		{"GET /conversations/{id}", mergedAway(t, s, create.id(t), customer)},
		{"GET /customers/{id}/conversations", call(s, "GET", "/v1/customers/"+customer+"/conversations?fromDate=2026-05-04T00:00:00Z", "")},
	} {
		require.Less(t, c.answer.status, http.StatusBadRequest, c.operation)
		answers := vendorOperation(t, c.operation).Responses.Status(c.answer.status)
		require.NotNil(t, answers, "%s answers %d", c.operation, c.answer.status)
		err := answers.Value.Content["application/json"].Schema.Value.VisitJSON(c.answer.get(t), openapi3.VisitAsResponse())
		require.NoError(t, err, c.operation)
	}
	deleted := call(s, "DELETE", path, "")
	require.NotNil(t, vendorOperation(t, "DELETE /conversations/{id}").Responses.Status(deleted.status), deleted.status)
}

// mergedAway is the conversation's answer once it is merged into a new one.
func mergedAway(t *testing.T, s *sandbox.Server, id, customer string) response {
	t.Helper()
	require.NoError(t, s.Merge(id, mustCreate(t, s, "/v1/conversations", `{"customer":"`+customer+`"}`)))
	return call(s, "GET", "/v1/conversations/"+id, "")
}
