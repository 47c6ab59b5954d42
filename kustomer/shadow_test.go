package kustomer

import (
	"context"
	"net/http"
	"reflect"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// The test calls every method that sends a request, so it covers new methods too. The
// HTTP method shows whether it is a write.
func TestShadowSendsNoWrite(t *testing.T) {
	writing := 0
	for method := range reflect.TypeFor[*Client]().Methods() {
		if method.Type.NumIn() < 2 || method.Type.In(1) != reflect.TypeFor[context.Context]() {
			continue
		}
		t.Run(method.Name, func(t *testing.T) {
			var seen []sent
			kustomer := recording(&seen, answering(200, aConversation))
			_ = ask(t.Context(), clientFor(t, kustomer), method)
			require.NotEmpty(t, seen, "it sends no request")
			isWriting, asks := seen[0].method != http.MethodGet, seen[0].method

			seen = nil
			inShadow := clientFor(t, kustomer, func(c *Config) { c.Shadow = true })
			step := &Shadow{Conversation: &Conversation{ID: ShadowID + "babelforce:1"}}
			err := ask(WithShadow(t.Context(), step), inShadow, method)
			require.Empty(t, writesOf(seen))
			require.Equal(t, isWriting, len(step.Withheld) == 1, "%v", step.Withheld)
			if !isWriting {
				return
			}
			writing++
			require.NoError(t, err)
			require.Equal(t, asks, step.Withheld[0].Method)
			require.NotEmpty(t, step.Withheld[0].Body)

			require.ErrorContains(t, ask(t.Context(), inShadow, method), "a shadow writes nothing", "outside a step")
			require.Empty(t, writesOf(seen))
		})
	}
	require.GreaterOrEqual(t, writing, 8)
}

// The transport refuses a write that was not withheld.
func TestShadowTransportRefusesWrites(t *testing.T) {
	var seen []sent
	c := clientFor(t, recording(&seen, answering(200, aConversation)), func(c *Config) { c.Shadow = true })
	for _, method := range []string{http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete} {
		_, err := c.http.R().Execute(method, "/v1/conversations")
		require.ErrorContains(t, err, "a shadow writes nothing")
	}
	require.Empty(t, seen)
}

func writesOf(all []sent) (writes []sent) {
	for _, one := range all {
		if one.method != http.MethodGet {
			writes = append(writes, one)
		}
	}
	return writes
}

// ask calls a method with made-up arguments.
func ask(ctx context.Context, c *Client, method reflect.Method) error {
	arguments := []reflect.Value{reflect.ValueOf(c), reflect.ValueOf(ctx)}
	for i := 2; i < method.Type.NumIn(); i++ {
		arguments = append(arguments, invented(method.Type.In(i)))
	}
	results := method.Func.Call(arguments)
	err, _ := results[len(results)-1].Interface().(error)
	return err
}

func invented(of reflect.Type) reflect.Value {
	value := reflect.New(of).Elem()
	switch {
	case of == reflect.TypeFor[time.Time]():
	case of.Kind() == reflect.String:
		value.SetString(conversationID)
	case of.Kind() == reflect.Slice:
		value = reflect.Append(value, invented(of.Elem()))
	case of.Kind() == reflect.Struct:
		for i := range value.NumField() {
			value.Field(i).Set(invented(of.Field(i).Type))
		}
	}
	return value
}

func shadowed(t *testing.T) (context.Context, *Client, *Shadow, *[]sent) {
	t.Helper()
	var seen []sent
	c := clientFor(t, recording(&seen, answering(404, `{"errors":[{"status":404}]}`)), func(c *Config) { c.Shadow = true })
	step := &Shadow{}
	return WithShadow(t.Context(), step), c, step, &seen
}

func TestShadowAnswersAsKustomerWould(t *testing.T) {
	ctx, c, step, seen := shadowed(t)
	made, err := c.CreateCustomer(ctx, NewCustomer{Phones: []Phone{{Phone: "+493023125042"}}})
	require.NoError(t, err)
	require.Equal(t, "shadow-customer", made.ID)
	opened, err := c.CreateConversation(ctx, NewConversation{CustomerID: made.ID, ExternalID: "babelforce:1", Name: "Call", Tags: []string{"lost"}, Custom: map[string]any{"aStr": "1"}})
	require.NoError(t, err)
	require.NoError(t, opened.Needs(FieldCustomer, FieldStatus, FieldRev, FieldAssignedUsers))
	require.Equal(t, []any{"shadow-babelforce:1", "open", 1, []string{"lost"}}, []any{opened.ID, opened.Status, opened.Rev, opened.Tags})

	rev := opened.Rev
	_, err = c.UpdateConversation(ctx, opened.ID, ConversationUpdate{Status: "done", AssignedUsers: &[]string{userID}, Rev: &rev})
	require.NoError(t, err)
	_, err = c.AddTags(ctx, opened.ID, []string{"answered"})
	require.NoError(t, err)
	_, err = c.RemoveTags(ctx, opened.ID, []string{"lost"})
	require.NoError(t, err)
	_, err = c.MoveConversation(ctx, opened.ID, customerID)
	require.NoError(t, err)
	require.NoError(t, c.CreateNote(ctx, opened.ID, NewNote{Body: "Answered"}))
	require.NoError(t, c.CreateMessage(ctx, opened.ID, fullMessage()))

	is, err := c.Conversation(ctx, opened.ID)
	require.NoError(t, err)
	require.Equal(t, &Conversation{
		ID: "shadow-babelforce:1", CustomerID: customerID, ExternalID: "babelforce:1", Name: "Call", Status: "open", // opened by the message
		Tags: []string{"answered"}, AssignedUsers: []string{userID}, AssignedTeams: []string{}, Rev: 7, NoteCount: 1,
	}, is)
	require.Equal(t, []string{"custom.aStr", "customer", "externalId", "name", "tags"}, step.Withheld[1].Fields)
	require.Empty(t, *seen)
}

func TestShadowsLookUpsFindNothing(t *testing.T) {
	ctx, c, _, seen := shadowed(t)
	_, err := c.Conversation(ctx, conversationID)
	require.True(t, IsKind(err, NotFound))
	_, err = c.ConversationByExternalID(ctx, "babelforce:1")
	require.True(t, IsKind(err, NotFound))
	_, err = c.MessageByExternalID(ctx, "babelforce:1")
	require.True(t, IsKind(err, NotFound))
	notes, err := c.Notes(ctx, conversationID)
	require.NoError(t, err)
	require.Empty(t, notes)
	require.Empty(t, *seen, "a live call's conversation may exist")

	_, err = c.Conversation(t.Context(), conversationID)
	require.True(t, IsKind(err, NotFound))
	require.Len(t, *seen, 1, "outside a step, the client reads")
}
