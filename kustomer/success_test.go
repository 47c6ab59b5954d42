package kustomer

import (
	"context"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestIncompleteSuccessIsAmbiguous(t *testing.T) {
	for name, c := range map[string]struct {
		answer http.HandlerFunc
		kind   Kind
	}{
		"page":          {answering(200, `<html>Welcome to the Wi-Fi</html>`), Unavailable},
		"truncated":     {truncated, Unavailable},
		"beyond 4 MiB":  {huge, Unavailable},
		"closed midway": {func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }, Unavailable},
		"empty":         {answering(201, ``), NotUnderstood},
		"no data":       {answering(200, `{}`), NotUnderstood},
		"no id":         {answering(200, `{"data":{"type":"conversation","attributes":{}}}`), NotUnderstood},
		"null":          {answering(200, `{"data":null}`), NotUnderstood},
		"nothing":       {answering(200, `{"data":[]}`), NotUnderstood},
		"no content":    {answering(204, ``), NotUnderstood},
		"text":          {answering(200, `OK`), NotUnderstood},
		"a failure":     {answering(207, `{"data":{"id":"5"},"errors":[{"code":"x","message":"Not all"}]}`), NotUnderstood},
	} {
		e := asError(t, create(t.Context(), clientFor(t, c.answer)))
		require.Equal(t, c.kind, e.Kind, name)
		require.True(t, e.Ambiguous(), name)
	}
	e := asError(t, create(t.Context(), clientFor(t, answering(201, `{}`))))
	require.EqualError(t, e, "kustomer: cannot create conversation: not understood (HTTP 201): it has no data in the documented form")
	_, err := clientFor(t, answering(200, `{}`)).Notes(t.Context(), conversationID)
	require.False(t, asError(t, err).Ambiguous(), "a read changes nothing")
}

func truncated(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Length", "1000")
	_, _ = io.WriteString(w, `{"data":{"id":"58`)
}

func huge(w http.ResponseWriter, _ *http.Request) {
	_, _ = io.WriteString(w, strings.Repeat(" ", maxAnswerBytes+1))
}

// writes are the requests that need nothing from the answer.
var writes = map[string]func(context.Context, *Client) error{
	"CreateNote": func(ctx context.Context, c *Client) error {
		return c.CreateNote(ctx, conversationID, NewNote{Body: "x"})
	},
	"CreateMessage": func(ctx context.Context, c *Client) error { return c.CreateMessage(ctx, conversationID, fullMessage()) },
	"UpdateConversation": func(ctx context.Context, c *Client) error {
		_, err := c.UpdateConversation(ctx, conversationID, ConversationUpdate{Status: "done"})
		return err
	},
	"MoveConversation": func(ctx context.Context, c *Client) error {
		_, err := c.MoveConversation(ctx, conversationID, customerID)
		return err
	},
	"AddTags": func(ctx context.Context, c *Client) error {
		_, err := c.AddTags(ctx, conversationID, []string{"a"})
		return err
	},
	"RemoveTags": func(ctx context.Context, c *Client) error {
		_, err := c.RemoveTags(ctx, conversationID, []string{"a"})
		return err
	},
}

func TestAnySuccessCompletesAWrite(t *testing.T) {
	kustomersPage := func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("x-ratelimit-limit", "1000")
		answering(200, `<html>OK</html>`)(w, r)
	}
	for name, write := range writes {
		for _, status := range []int{200, 201, 202, 203, 204, 205, 206, 207, 299} {
			for _, body := range []string{``, `{}`, `null`, `{"data":null}`, `OK`, `{"data":`, `{"errors":[]}`} {
				if status == 204 || status == 205 {
					body = ""
				}
				require.NoError(t, write(t.Context(), clientFor(t, answering(status, body))), "%s %d %s", name, status, body)
			}
		}
		require.NoError(t, write(t.Context(), clientFor(t, kustomersPage)), name)
		require.True(t, IsKind(write(t.Context(), clientFor(t, answering(200, `<html>We will be right back</html>`))), Unavailable), name)
		require.True(t, IsKind(write(t.Context(), clientFor(t, answering(200, `{"errors":[{"code":"x"}]}`))), NotUnderstood), name)
		require.True(t, IsKind(write(t.Context(), clientFor(t, truncated)), Unavailable), name)
	}
}
