package kustomer

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"reflect"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/stretchr/testify/require"

	"github.com/callthread/callthread/testsuite/openapi"
)

// request is one request of the client, with every field set.
type request struct {
	method, path string // path template of the contract; its server URL contains /v1
	do           func(context.Context, *Client) (any, error)
}

var published = map[string]request{
	"Customer": {"GET", "/customers/{id}", func(ctx context.Context, c *Client) (any, error) {
		return c.Customer(ctx, customerID)
	}},
	"CustomersByPhone": {"GET", "/customers/phone={phone}", func(ctx context.Context, c *Client) (any, error) {
		return c.CustomersByPhone(ctx, "+18005551212")
	}},
	"CustomerByExternalID": {"GET", "/customers/externalId={externalId}", func(ctx context.Context, c *Client) (any, error) {
		return c.CustomerByExternalID(ctx, "crm/1")
	}},
	"CreateCustomer": {"POST", "/customers", func(ctx context.Context, c *Client) (any, error) {
		return c.CreateCustomer(ctx, NewCustomer{
			Name: "Caller", ExternalID: "crm/1", Phones: []Phone{{Type: "mobile", Phone: "+18005551212"}, {Phone: "+18005551213"}},
		})
	}},
	"Conversation": {"GET", "/conversations/{id}", func(ctx context.Context, c *Client) (any, error) {
		return c.Conversation(ctx, conversationID)
	}},
	"ConversationByExternalID": {"GET", "/conversations/externalId={externalId}", func(ctx context.Context, c *Client) (any, error) {
		return c.ConversationByExternalID(ctx, "babelforce:1")
	}},
	"CustomerConversations": {"GET", "/customers/{id}/conversations", func(ctx context.Context, c *Client) (any, error) {
		return c.CustomerConversations(ctx, customerID, time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC))
	}},
	"CreateConversation": {"POST", "/conversations", func(ctx context.Context, c *Client) (any, error) {
		return c.CreateConversation(ctx, fullConversation())
	}},
	"UpdateConversation": {"PUT", "/conversations/{id}", func(ctx context.Context, c *Client) (any, error) {
		return c.UpdateConversation(ctx, conversationID, ConversationUpdate{
			Name: ptr("Call"), Status: "snoozed", Priority: 5, Direction: "out", Tags: &[]string{"vip"},
			AssignedUsers: &[]string{userID}, AssignedTeams: &[]string{}, Custom: map[string]any{"waitNum": 3}, Rev: ptr(4),
		})
	}},
	"MoveConversation": {"PUT", "/conversations/{id}", func(ctx context.Context, c *Client) (any, error) {
		return c.MoveConversation(ctx, conversationID, customerID)
	}},
	"AddTags": {"POST", "/conversations/{id}/tags", func(ctx context.Context, c *Client) (any, error) {
		return c.AddTags(ctx, conversationID, []string{"call_answered"})
	}},
	"RemoveTags": {"DELETE", "/conversations/{id}/tags", func(ctx context.Context, c *Client) (any, error) {
		return c.RemoveTags(ctx, conversationID, []string{"call_lost"})
	}},
	"CreateNote": {"POST", "/conversations/{id}/notes", func(ctx context.Context, c *Client) (any, error) {
		return "done", c.CreateNote(ctx, conversationID, NewNote{Body: "Answered", ExternalID: "babelforce:1:bridged"})
	}},
	"Notes": {"GET", "/conversations/{id}/notes", func(ctx context.Context, c *Client) (any, error) {
		return c.Notes(ctx, conversationID)
	}},
	"CreateMessage": {"POST", "/conversations/{id}/messages", func(ctx context.Context, c *Client) (any, error) {
		return "done", c.CreateMessage(ctx, conversationID, fullMessage())
	}},
	"MessageByExternalID": {"GET", "/messages/externalid=:externalId", func(ctx context.Context, c *Client) (any, error) {
		return c.MessageByExternalID(ctx, "babelforce:1")
	}},
	"ConversationMetadata": {"GET", "/metadata/{resource}", func(ctx context.Context, c *Client) (any, error) {
		return c.ConversationMetadata(ctx)
	}},
}

// unpublished lists the requests that the published contract lacks, with their sources.
var unpublished = map[string]string{
	"UsersByEmail": "LarisLab/kustomer-client src/api/sdk.gen.ts: GET /v1/users?email=",
	"Users":        "LarisLab/kustomer-client src/api/sdk.gen.ts: GET /v1/users",
	"Teams":        "third-party clients: GET /v1/teams",
	"CurrentUser":  "third-party clients (singer-io/tap-kustomer): GET /v1/users/current",
	"Tags":         "third-party clients (Pipedream, tap-kustomer): GET /v1/tags",
	"CurrentToken": "developer site, Quickstart: GET /v1/auth/tokens/current",
}

func fullConversation() NewConversation {
	return NewConversation{
		CustomerID: customerID, ExternalID: "babelforce:1", Name: "Call", Status: "open", Priority: 3, Direction: "in",
		Tags: []string{"babelforce", "inbound call"}, AssignedUsers: []string{userID}, AssignedTeams: []string{teamID},
		Custom: map[string]any{"callIdStr": "1", "ringingAt": "2026-01-02T03:04:05.000Z"},
	}
}

func fullMessage() NewMessage {
	return NewMessage{
		App: "babelforce", Direction: "in", ExternalID: "babelforce:1", Subject: "Call", Preview: "Answered", Status: "received",
		SentAt: time.Date(2026, 1, 2, 3, 4, 5, 678e6, time.UTC),
		Meta:   map[string]any{"from": "+18005551212", "to": "+18005551213", "placedAt": "2026-01-02T03:04:05.678Z"},
	}
}

func TestEveryRequestHasASource(t *testing.T) {
	for method := range reflect.TypeFor[*Client]().Methods() {
		if method.Type.NumIn() < 2 || method.Type.In(1) != reflect.TypeFor[context.Context]() {
			continue
		}
		_, in := published[method.Name]
		source := unpublished[method.Name]
		require.NotEqual(t, in, source != "", method.Name)
	}
}

// The fake Kustomer answers with the contract's examples, so this also tests what the
// client reads.
func TestRequestsFollowThePublishedContract(t *testing.T) {
	contract := openapi.Kustomer(t)
	for name, r := range published {
		t.Run(name, func(t *testing.T) {
			operation := contract.Paths.Value(r.path).GetOperation(r.method)
			require.NotNil(t, operation)
			var seen []sent
			c := clientFor(t, recording(&seen, answering(example(t, operation))))
			got, err := r.do(t.Context(), c)
			require.NoError(t, err)
			require.NotZero(t, got)
			require.Len(t, seen, 1)
			requirePath(t, r, operation, seen[0])
			require.NoError(t, checkBody(operation, seen[0].body))
		})
	}
}

func TestContractCheckCanFail(t *testing.T) {
	operation := openapi.Kustomer(t).Paths.Value("/conversations").Post
	for name, spoil := range map[string]func(map[string]any){
		"unknown field":     func(body map[string]any) { body["channel"] = "voice" },
		"bad tag":           func(body map[string]any) { body["tags"] = []string{"#vip"} },
		"tag twice":         func(body map[string]any) { body["tags"] = []string{"vip", "vip"} },
		"bad object id":     func(body map[string]any) { body["customer"] = "+18005551212" },
		"bad user id":       func(body map[string]any) { body["assignedUsers"] = []string{"alice"} },
		"no customer":       func(body map[string]any) { delete(body, "customer") },
		"created snoozed":   func(body map[string]any) { body["status"] = "snoozed" },
		"priority too high": func(body map[string]any) { body["priority"] = 6 },
		"long name":         func(body map[string]any) { body["name"] = strings.Repeat("é", 257) },
		"attribute suffix":  func(body map[string]any) { body["custom"] = map[string]any{"callId": "1"} },
	} {
		var body map[string]any
		text, _ := json.Marshal(fullConversation())
		require.NoError(t, json.Unmarshal(text, &body))
		spoil(body)
		text, _ = json.Marshal(body)
		require.Error(t, checkBody(operation, string(text)), name)
	}
}

// example returns the documented success of an operation.
func example(t *testing.T, operation *openapi3.Operation) (int, string) {
	t.Helper()
	for _, status := range []int{200, 201} {
		if response := operation.Responses.Status(status); response != nil {
			text, err := json.Marshal(response.Value.Content.Get("application/json").Example)
			require.NoError(t, err)
			return status, string(text)
		}
	}
	require.Fail(t, "no success documented")
	return 0, ""
}

// One path of the contract writes its placeholder as ":name".
var placeholder = regexp.MustCompile(`\\\{[^}]+\\\}|:\w+`)

// requirePath matches paths itself: "phone={phone}" inside a segment confuses a router.
func requirePath(t *testing.T, r request, operation *openapi3.Operation, got sent) {
	t.Helper()
	pattern := "^/v1" + placeholder.ReplaceAllString(regexp.QuoteMeta(r.path), "[^/?]+") + "$"
	uri, err := url.ParseRequestURI(got.uri)
	require.NoError(t, err)
	require.Regexp(t, pattern, uri.EscapedPath())
	require.Equal(t, r.method, got.method)
	for name := range uri.Query() {
		require.NotNil(t, operation.Parameters.GetByInAndName("query", name), name)
	}
}

// The OpenAPI file allows no attribute in custom, because attributes differ between
// organisations. According to the developer site, the suffix determines the type.
var attributeName = regexp.MustCompile(`^[a-z][A-Za-z0-9]*(Str|Txt|Num|At|Bool|Url)$`)

func checkBody(operation *openapi3.Operation, body string) error {
	if operation.RequestBody == nil {
		if body != "" {
			return errors.New("a body where none is documented")
		}
		return nil
	}
	var value any
	if err := json.Unmarshal([]byte(body), &value); err != nil {
		return err
	}
	if object, ok := value.(map[string]any); ok {
		custom, _ := object["custom"].(map[string]any)
		for name := range custom {
			if !attributeName.MatchString(name) {
				return fmt.Errorf("custom attribute %q has no known suffix", name)
			}
		}
		if custom != nil {
			object["custom"] = map[string]any{}
		}
	}
	// The validator ignores the vendor's own formats unless they are defined.
	return operation.RequestBody.Value.Content.Get("application/json").Schema.Value.VisitJSON(value,
		openapi3.VisitAsRequest(), openapi3.EnableFormatValidation(),
		openapi3.WithStringFormatValidator("object-id", openapi3.NewRegexpFormatValidator(`^[0-9a-f]{24}$`)),
		openapi3.WithStringFormatValidator("phone-number", openapi3.NewRegexpFormatValidator(`^\+[1-9]\d{6,14}$`)))
}
