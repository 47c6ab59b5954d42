package sandbox_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/stretchr/testify/require"

	"github.com/callthread/callthread/testsuite/openapi"
)

// vendorOperation returns an operation, named as in "POST /conversations", or nil if the
// document lacks it.
func vendorOperation(t *testing.T, operation string) *openapi3.Operation {
	t.Helper()
	method, path, _ := strings.Cut(operation, " ")
	item := vendorDocument(t).Paths.Value(path)
	if item == nil {
		return nil
	}
	return item.GetOperation(method)
}

var loaded *openapi3.T

func vendorDocument(t *testing.T) *openapi3.T {
	t.Helper()
	if loaded != nil {
		return loaded
	}
	document := openapi.Kustomer(t)
	// The document names these formats without defining them.
	for name, pattern := range map[string]string{
		"object-id":    `^[0-9a-fA-F]{24}$`,
		"phone-number": `^\+?[1-9]\d{1,14}$`,
	} {
		openapi3.DefineStringFormatValidator(name, openapi3.NewRegexpFormatValidator(regexp.MustCompile(pattern).String()))
	}
	loaded = document
	// The document was generated from an org with these attributes.
	attributes := schemaOf(t, vendorOperation(t, "GET /metadata/{resource}"), http.StatusOK)
	for _, name := range []string{"data", "attributes", "properties"} {
		attributes = attributes.Properties[name].Value
	}
	attributes.Required, attributes.AdditionalProperties.Schema = nil, attributes.Properties["shopifyCustomerIdNum"]
	return loaded
}

func TestSandboxFollowsTheVendorsSchemas(t *testing.T) {
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

// The vendor's schema of a looked-up message was generated from an e-mail and requires
// fields that only the meta of an e-mail has.
const anEmailsMeta = `{"channel":"voice","app":"babelforce","externalId":"x","meta":{
	"subject":"","from":"+4930111222","to":[],"cc":[],"recipient":{"email":"","mailboxHash":""},"inReplyTo":""}}`

// operationOf returns the vendor's name of a route.
func operationOf(route string) string {
	return strings.NewReplacer("/v1", "", "externalid={externalId}", "externalid=:externalId", "/metadata/conversation", "/metadata/{resource}").Replace(route)
}

func TestAnswersFitTheVendorsSchemas(t *testing.T) {
	vendorDocument(t)
	validated := make(map[int]int)
	for route, e := range exchanges() {
		operation := vendorOperation(t, operationOf(route))
		for status, answer := range e.answers(t, route) {
			schema := schemaOf(t, operation, status)
			if schema == nil {
				require.True(t, operation == nil || status == http.StatusNoContent, "%s answers %d", route, status)
				continue
			}
			body := answer.get(t)
			if status >= 400 {
				asDocumented(body)
			}
			require.NoError(t, schema.VisitJSON(body, openapi3.VisitAsResponse()), "%s: %d %s", route, status, answer.body)
			validated[status]++
		}
	}
	require.Greater(t, validated[200], 10)
	for _, status := range []int{201, 400, 401, 404, 409, 413, 415, 429, 500, 503} {
		require.NotZero(t, validated[status], status)
	}
}

// schemaOf returns the schema of an operation's answer. The document defines errors for
// reading a conversation only; the same schema is used for all operations.
func schemaOf(t *testing.T, operation *openapi3.Operation, status int) *openapi3.Schema {
	t.Helper()
	if status >= 400 {
		operation, status = vendorOperation(t, "GET /conversations/{id}"), http.StatusNotFound
	}
	if operation == nil || status == http.StatusNoContent {
		return nil
	}
	documented := operation.Responses.Status(status)
	require.NotNil(t, documented, "%s answers %d", operation.OperationID, status)
	for _, media := range documented.Value.Content { // json-patch for PATCH
		return media.Schema.Value
	}
	return nil
}

// asDocumented converts errors of recorded traffic to the documented form. In traffic, the
// status is a number, and parameters is named parameter.
func asDocumented(body any) {
	for _, item := range body.(map[string]any)["errors"].([]any) {
		one := item.(map[string]any)
		source := one["source"].(map[string]any)
		if status, isRecorded := one["status"].(float64); isRecorded {
			one["status"] = fmt.Sprint(status)
			source["parameters"] = source["parameter"]
		}
	}
}

func TestMergedConversationFitsTheSchema(t *testing.T) {
	vendorDocument(t)
	s := newSandbox()
	id := newConversation(t, s)
	require.NoError(t, s.Merge(id, mustCreate(t, s, "/v1/conversations", `{"customer":"`+s.State().Customers[0].ID+`"}`)))
	merged := call(s, "GET", "/v1/conversations/"+id, "")
	schema := schemaOf(t, vendorOperation(t, "GET /conversations/{id}"), merged.status)
	require.NoError(t, schema.VisitJSON(merged.get(t), openapi3.VisitAsResponse()))
}

func TestSharedCustomersFitTheSchema(t *testing.T) {
	vendorDocument(t)
	s := newSandbox()
	for range 2 {
		mustCreate(t, s, "/v1/customers", `{"sharedPhones":[{"phone":"+4930777"}]}`)
	}
	shared := call(s, "GET", "/v1/customers/phone=4930777", "")
	schema := schemaOf(t, vendorOperation(t, "GET /customers/phone={phone}"), shared.status)
	for _, one := range shared.get(t, "data").([]any) { // only a single customer is documented
		require.NoError(t, schema.VisitJSON(map[string]any{"data": one}, openapi3.VisitAsResponse()))
	}
}

// The copy in required must match the document.
func TestRequiredAttributesMatchTheVendors(t *testing.T) {
	vendorDocument(t)
	found := make(map[string][]string)
	for route, e := range exchanges() {
		operation := vendorOperation(t, operationOf(route))
		for status, answer := range e.answers(t, route) {
			schema := schemaOf(t, operation, status)
			if status >= 400 || schema == nil {
				continue
			}
			resource := schema.Properties["data"].Value
			kind := answer.get(t, "data")
			if resource.Items != nil {
				resource, kind = resource.Items.Value, kind.([]any)[0]
			}
			name := kind.(map[string]any)["type"].(string)
			found[name] = append(found[name], resource.Properties["attributes"].Value.Required...)
		}
	}
	for name, attributes := range required {
		slices.Sort(found[name])
		attributes = slices.Sorted(slices.Values(attributes))
		optional := map[string]string{"conversation": "externalId", "message": "externalId"}[name] // required in look-ups by it
		require.Equal(t, slices.DeleteFunc(slices.Compact(found[name]), func(a string) bool { return a == optional }), attributes, name)
	}
	require.Len(t, found, len(required))
}
