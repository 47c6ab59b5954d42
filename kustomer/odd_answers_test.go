package kustomer

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// Answers with every field that the client reads.
const (
	oddConversation = `{"data":` + oddResource + `}`
	oddResource     = `{"type":"conversation","id":"` + conversationID + `","attributes":{
		"externalId":"babelforce:1","name":"Call","status":"open","direction":"in","priority":3,"tags":["t1"],"mergedTarget":"m1","deleted":true,
		"assignedUsers":["u1"],"assignedTeams":["t1"],"custom":{"waitNum":7},"rev":4,"noteCount":2,
		"createdAt":"2016-11-09T02:46:29.789Z","importedAt":"2016-11-09T02:46:29.000Z","updatedAt":"2016-11-09T03:23:34.064Z","satisfaction":null},
		"relationships":{"customer":{"data":{"type":"customer","id":"` + customerID + `"}},"createdBy":{"data":{"type":"user","id":"` + userID + `"}}}}`
	oddCustomer = `{"data":{"type":"customer","id":"` + customerID + `","attributes":{"name":"Ada","externalId":"crm/1",
		"phones":[{"phone":"+18005551212","type":"mobile"}],"sharedPhones":[],"createdAt":"2016-11-09T02:46:29.789Z"}}}`
	oddNotes = `{"data":[{"type":"note","id":"n1","attributes":{"externalId":"babelforce:1:bridged","body":"b","createdAt":"2016-11-09T02:46:29.789Z"},
		"relationships":{"customer":{"data":{"id":"c"}}}}],"links":{"next":null},"meta":{"page":1,"pageSize":100}}`
	oddMessage    = `{"data":{"type":"message","id":"m1","attributes":{"externalId":"babelforce:1","channel":"voice","meta":{},"sentAt":"2016-11-09T02:46:29.789Z"}}}`
	oddUsers      = `{"data":[{"type":"user","id":"u1","attributes":{"name":"N","displayName":"N","email":"e@example.org","userType":"user"}}],"links":{"next":null}}`
	oddToken      = `{"data":{"type":"token","id":"k1","attributes":{"name":"Key","roles":["org.permission.note.read"]}}}`
	oddAttributes = `{"data":{"type":"metadata","id":"conversation","attributes":{"properties":{"callIdStr":{"type":"string","displayName":"Call"}}}}}`
)

// oddCall is a request, its answer, and the fields of the answer that the request needs.
type oddCall struct {
	answer string
	do     func(context.Context, *Client) (any, error)
	needs  []string
}

func oddCalls() map[string]oddCall {
	calls := map[string]oddCall{
		"Users":        {answer: oddUsers, do: func(ctx context.Context, c *Client) (any, error) { return c.Users(ctx) }},
		"UsersByEmail": {answer: oddUsers, do: func(ctx context.Context, c *Client) (any, error) { return c.UsersByEmail(ctx, "e@example.org") }},
		"Teams":        {answer: oddUsers, do: func(ctx context.Context, c *Client) (any, error) { return c.Teams(ctx) }},
		"CurrentToken": {answer: oddToken, do: func(ctx context.Context, c *Client) (any, error) { return c.CurrentToken(ctx) }},
	}
	for name, r := range published {
		calls[name] = oddCall{answer: oddConversation, do: r.do}
	}
	one, list := []string{"", "data", "data.id"}, []string{"", "data", "data.0", "data.0.id", "links.next"}
	set := func(answer string, needs []string, names ...string) {
		for _, name := range names {
			calls[name] = oddCall{answer, calls[name].do, needs}
		}
	}
	set(oddConversation, one, "Conversation", "ConversationByExternalID", "CreateConversation")
	set(oddCustomer, one, "Customer", "CustomersByPhone", "CustomerByExternalID", "CreateCustomer")
	set(oddMessage, one, "MessageByExternalID")
	set(`{"data":[`+oddResource+`],"links":{"next":null}}`, list, "CustomerConversations")
	set(oddUsers, list, "Users", "UsersByEmail", "Teams")
	set(oddNotes, []string{"", "data", "data.0", "data.0.attributes", "data.0.attributes.externalId", "links.next"}, "Notes")
	set(oddToken, []string{"", "data", "data.attributes", "data.attributes.roles", "data.attributes.roles.0"}, "CurrentToken")
	set(oddAttributes, []string{"", "data", "data.attributes", "data.attributes.properties"}, "ConversationMetadata")
	return calls
}

// oddValues cover every JSON type and the output of other languages' encoders.
var oddValues = []string{
	``, `null`, `true`, `false`, `0`, `7`, `-1.5`, `1e400`, `""`, `"x"`, `"7"`, `[]`, `[7]`, `["x"]`, `[null]`, `[[]]`, `[{}]`, `{}`, `{"id":"x"}`, `{"a":[1]}`,
}

// paths returns the path of every value within a JSON text.
func paths(t *testing.T, text string) (all []string) {
	var walk func(path string, v any)
	walk = func(path string, v any) {
		all = append(all, strings.TrimPrefix(path, "."))
		switch v := v.(type) {
		case map[string]any:
			for name, member := range v {
				walk(path+"."+name, member)
			}
		case []any:
			for i, item := range v {
				walk(path+"."+strconv.Itoa(i), item)
			}
		}
	}
	var v any
	require.NoError(t, json.Unmarshal([]byte(text), &v))
	walk("", v)
	return all
}

// with sets the value at a path of a JSON text. An empty value removes it.
func with(t *testing.T, text, path, value string) string {
	if path == "" {
		return value
	}
	name, rest, _ := strings.Cut(path, ".")
	var v any
	require.NoError(t, json.Unmarshal([]byte(text), &v))
	inner := func(member any) json.RawMessage {
		text, err := json.Marshal(member)
		require.NoError(t, err)
		return json.RawMessage(with(t, string(text), rest, value))
	}
	isRemoved := rest == "" && value == ""
	switch v := v.(type) {
	case map[string]any:
		if isRemoved {
			delete(v, name)
		} else {
			v[name] = inner(v[name])
		}
	case []any:
		i, err := strconv.Atoi(name)
		require.NoError(t, err)
		if isRemoved {
			text, err := json.Marshal(slices.Delete(v, i, i+1))
			require.NoError(t, err)
			return string(text)
		}
		v[i] = inner(v[i])
	}
	changed, err := json.Marshal(v)
	require.NoError(t, err)
	return string(changed)
}

func (o oddCall) ask(t *testing.T, answer string) (any, error) {
	return o.do(t.Context(), clientAnswering(t, http.StatusOK, answer))
}

func TestUnusedFieldCannotFailARequest(t *testing.T) {
	for name, o := range oddCalls() {
		t.Run(name, func(t *testing.T) {
			_, err := o.ask(t, o.answer)
			require.NoError(t, err)
			needed := make(map[string]bool)
			for _, path := range paths(t, o.answer) {
				for _, value := range oddValues {
					_, err := o.ask(t, with(t, o.answer, path, value))
					if err == nil || isNothing(name, path, value) && IsKind(err, NotFound) {
						continue
					}
					require.Equal(t, NotUnderstood, KindOf(err), "%q at %q: %v", value, path, err)
					require.Contains(t, o.needs, path, "%q at %q: %v", value, path, err)
					needed[path] = true
				}
			}
			require.Len(t, needed, len(o.needs), "each of them is needed")
		})
	}
}

// isNothing reports whether an answer means that nothing was found.
func isNothing(name, path, value string) bool {
	return path == "data" && (value == "null" || value == "[]") && !strings.HasPrefix(name, "Create")
}

func TestOddAnswersHaveEveryField(t *testing.T) {
	for name, o := range oddCalls() {
		got, err := o.ask(t, o.answer)
		require.NoError(t, err, name)
		read := reflect.Indirect(reflect.ValueOf(got))
		if read.Kind() == reflect.Slice {
			read = read.Index(0)
		}
		if read.Kind() != reflect.Struct {
			continue
		}
		for i := range read.NumField() {
			if field := read.Type().Field(i); field.IsExported() {
				require.False(t, read.Field(i).IsZero(), "%s: %s", name, field.Name)
			}
		}
	}
}

// The caller decides which fields of a conversation it needs.
func TestNeededFieldsMustBeUnderstood(t *testing.T) {
	paths := map[Field]string{FieldCustomer: "data.relationships.customer.data.id"}
	for _, field := range []Field{FieldName, FieldStatus, FieldPriority, FieldAssignedUsers, FieldAssignedTeams, FieldCustom, FieldRev} {
		paths[field] = "data.attributes." + string(field)
	}
	understood := map[Field][]string{ // an empty text or list is valid; an absent one is not an error
		FieldCustomer:      {`0`, `7`, `-1.5`, `1e400`, `"x"`, `"7"`},
		FieldName:          {``, `null`, `0`, `7`, `-1.5`, `1e400`, `""`, `"x"`, `"7"`},
		FieldStatus:        {`"x"`, `"7"`},
		FieldPriority:      {``, `null`, `0`, `7`, `"7"`},
		FieldAssignedUsers: {``, `null`, `[]`, `[7]`, `["x"]`},
		FieldAssignedTeams: {``, `null`, `[]`, `[7]`, `["x"]`},
		FieldCustom:        {``, `null`, `[]`, `{}`, `{"id":"x"}`, `{"a":[1]}`},
		FieldRev:           {`7`, `"7"`},
	}
	call := oddCalls()["Conversation"]
	for field, path := range paths {
		for _, value := range oddValues {
			got, err := call.ask(t, with(t, oddConversation, path, value))
			require.NoError(t, err)
			is := got.(*Conversation)
			for other := range paths {
				isFine := other != field || slices.Contains(understood[field], value)
				require.Equal(t, isFine, is.Needs(other) == nil, "%s, with %q as %s", other, value, field)
			}
			if err := is.Needs(field); err != nil {
				require.True(t, IsKind(err, NotUnderstood))
				require.EqualError(t, err, fmt.Sprintf("kustomer: cannot read conversation: not understood (HTTP 200): the conversation's %s is missing, or has another form than documented", field))
			}
		}
	}
}

func TestNumbersAndIDsAreReadInAnyType(t *testing.T) {
	for path, values := range map[string][]string{
		"data.id":                      {`58`, `"58"`, `{"id":"58"}`, `{"id":58}`},
		"data.attributes.rev":          {`58`, `"58"`, `58.0`, `5.8e1`},
		"data.attributes.noteCount":    {`58`, `"58"`},
		"data.attributes.mergedTarget": {`58`, `"58"`, `{"id":"58"}`},
		"data.attributes.name":         {`58`, `"58"`},
	} {
		for _, value := range values {
			got, err := oddCalls()["Conversation"].ask(t, with(t, oddConversation, path, value))
			require.NoError(t, err)
			is := got.(*Conversation)
			require.Contains(t, []string{is.ID, is.MergedTarget, is.Name, strconv.Itoa(is.Rev), strconv.Itoa(is.NoteCount)}, "58", path, value)
		}
	}
}

func TestAbsentCountsAreUnknownNotZero(t *testing.T) {
	got, err := oddCalls()["Conversation"].ask(t, `{"data":{"id":"58"}}`)
	require.NoError(t, err)
	is := got.(*Conversation)
	require.Equal(t, -1, is.NoteCount)
	require.Nil(t, is.Tags)
	got, err = oddCalls()["Conversation"].ask(t, `{"data":{"id":"58","attributes":{"noteCount":0,"tags":[]}}}`)
	require.NoError(t, err)
	is = got.(*Conversation)
	require.Zero(t, is.NoteCount)
	require.NotNil(t, is.Tags)
}
