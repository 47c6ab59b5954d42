package kustomer

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestAMessageIsAlwaysAVoiceMessage(t *testing.T) {
	path := "/v1/conversations/" + conversationID + "/messages"
	var seen []sent
	c := clientFor(t, recording(&seen, answering(201, `{"data":{"id":"m"}}`)))
	_, err := c.CreateMessage(t.Context(), conversationID, NewMessage{App: "babelforce"})
	require.NoError(t, err)
	_, err = c.CreateMessage(t.Context(), conversationID, fullMessage())
	require.NoError(t, err)
	require.Equal(t, sent{"POST", path, `{"channel":"voice","app":"babelforce"}`}, seen[0], "what is not set is not sent")
	require.JSONEq(t, `{"channel":"voice","app":"babelforce","direction":"in","externalId":"babelforce:1","subject":"Call",
		"preview":"Answered","status":"received","sentAt":"2026-01-02T03:04:05.678Z",
		"meta":{"from":"+18005551212","to":"+18005551213","placedAt":"2026-01-02T03:04:05.678Z"}}`, seen[1].body)
}

func TestAMessageIsReadWhole(t *testing.T) {
	var seen []sent
	c := clientFor(t, recording(&seen, answering(200, `{"data":{"type":"message","id":"57a6082ae92c9510005e35ea","attributes":{
		"externalId":"babelforce:c/1","channel":"voice","app":"babelforce","size":0,"direction":"in","subject":"Call","preview":"Answered",
		"status":"received","meta":{"from":"+18005551212","seconds":7},
		"sentAt":"2016-11-13T15:44:35.625Z","createdAt":"2016-11-13T15:45:00.000Z"},
		"relationships":{"conversation":{"data":{"type":"conversation","id":"`+conversationID+`"}}}}}`)))
	got, err := c.MessageByExternalID(t.Context(), "babelforce:c/1")
	require.NoError(t, err)
	require.Equal(t, &Message{
		ID: "57a6082ae92c9510005e35ea", ConversationID: conversationID, ExternalID: "babelforce:c/1", Channel: "voice",
		App: "babelforce", Direction: "in", Subject: "Call", Preview: "Answered", Status: "received",
		Meta:   map[string]any{"from": "+18005551212", "seconds": 7.0},
		SentAt: time.Date(2016, 11, 13, 15, 44, 35, 625e6, time.UTC), CreatedAt: time.Date(2016, 11, 13, 15, 45, 0, 0, time.UTC),
	}, got)
	require.Equal(t, "/v1/messages/externalid=babelforce%3Ac%2F1", seen[0].uri, "with a small i")
}

func TestAMissingMessageIsNotFound(t *testing.T) {
	_, err := clientFor(t, answering(404, `{"errors":[{"status":404,"code":"notfound","title":"Not Found"}]}`)).
		MessageByExternalID(t.Context(), "x")
	require.True(t, IsKind(err, NotFound))
	require.EqualError(t, err, "kustomer: cannot find message by external id: not found (HTTP 404): Not Found")
}

func TestALostMessageIsAmbiguousAndARefusedOneIsNot(t *testing.T) {
	for status, ambiguous := range map[int]bool{500: true, 502: true, 201: true, 400: false, 409: false, 429: false} {
		_, err := clientFor(t, answering(status, `{"errors":[{"code":"x"}]}`)).CreateMessage(t.Context(), conversationID, fullMessage())
		require.Equal(t, ambiguous, asError(t, err).Ambiguous(), status)
	}
	_, err := clientFor(t, hang).CreateMessage(t.Context(), "", fullMessage())
	require.True(t, IsKind(err, Rejected), "the path would be another one")
}
