package kustomer

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestMessageIsAVoiceMessage(t *testing.T) {
	path := "/v1/conversations/" + conversationID + "/messages"
	var seen []sent
	c := clientFor(t, recording(&seen, answering(201, `{"data":{"id":"m"}}`)))
	err := c.CreateMessage(t.Context(), conversationID, NewMessage{App: "babelforce"})
	require.NoError(t, err)
	err = c.CreateMessage(t.Context(), conversationID, fullMessage())
	require.NoError(t, err)
	require.Equal(t, sent{"POST", path, `{"channel":"voice","app":"babelforce"}`}, seen[0], "what is not set is not sent")
	require.JSONEq(t, `{"channel":"voice","app":"babelforce","direction":"in","externalId":"babelforce:1","subject":"Call",
		"preview":"Answered","status":"received","sentAt":"2026-01-02T03:04:05.678Z",
		"meta":{"from":"+18005551212","to":"+18005551213","placedAt":"2026-01-02T03:04:05.678Z"}}`, seen[1].body)
}

func TestMessageIsFound(t *testing.T) {
	var seen []sent
	c := clientFor(t, recording(&seen, answering(200, `{"data":{"type":"message","id":"57a6082ae92c9510005e35ea","attributes":{"channel":"voice"}}}`)))
	got, err := c.MessageByExternalID(t.Context(), "babelforce:c/1")
	require.NoError(t, err)
	require.Equal(t, &Message{ID: "57a6082ae92c9510005e35ea"}, got)
	require.Equal(t, "/v1/messages/externalid=babelforce%3Ac%2F1", seen[0].uri, "with a small i")
}

func TestMissingMessageIsNotFound(t *testing.T) {
	_, err := clientFor(t, answering(404, `{"errors":[{"status":404,"code":"notfound","title":"Not Found"}]}`)).
		MessageByExternalID(t.Context(), "x")
	require.True(t, IsKind(err, NotFound))
	require.EqualError(t, err, "kustomer: cannot find message by external id: not found (HTTP 404): Not Found")
}

func TestOnlyALostMessageIsAmbiguous(t *testing.T) {
	for status, ambiguous := range map[int]bool{500: true, 502: true, 201: true, 400: false, 409: false, 429: false} {
		err := clientFor(t, answering(status, `{"errors":[{"code":"x"}]}`)).CreateMessage(t.Context(), conversationID, fullMessage())
		require.Equal(t, ambiguous, asError(t, err).Ambiguous(), status)
	}
	err := clientFor(t, hang).CreateMessage(t.Context(), "", fullMessage())
	require.True(t, IsKind(err, Rejected), "the path would be another one")
}
