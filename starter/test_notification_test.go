package main

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/callthread/callthread/notify"
)

// receiverOfMessages answers with a status, and returns its address and what it received.
func receiverOfMessages(t *testing.T, status int) (address string, received *notify.Message) {
	t.Helper()
	received = new(notify.Message)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		require.NoError(t, json.NewDecoder(r.Body).Decode(received))
		w.WriteHeader(status)
	}))
	t.Cleanup(server.Close)
	return server.URL + "/services/secret", received
}

func TestTestNotificationIsMarkedAndReported(t *testing.T) {
	address, received := receiverOfMessages(t, http.StatusNoContent)
	t.Setenv("CALLTHREAD_NOTIFY_URL", address)
	t.Setenv("TEMPORAL_NAMESPACE", "calls")
	printed, err := starts(t, "test-notification")
	require.NoError(t, err)
	require.Equal(t, notify.Test, received.Kind)
	require.Equal(t, "calls", received.Namespace)
	require.Contains(t, received.Text, "TEST")
	require.Equal(t, "The test message was accepted (HTTP 204). Look where your messages appear for:\n  "+received.Text+"\n", printed)
	require.NotContains(t, printed, "secret")
}

func TestRefusedTestNotificationSaysWhy(t *testing.T) {
	for status, says := range map[int]string{
		http.StatusFound:              "answers 302: redirects are not followed",
		http.StatusNotFound:           "answers 404. Check the URL",
		http.StatusServiceUnavailable: "answers 503. Its server has a problem",
	} {
		address, _ := receiverOfMessages(t, status)
		_, err := starts(t, "test-notification", "--notify-url-file", writeFile(t, address))
		require.ErrorContains(t, err, "the test message was not accepted: the notification's receiver "+says)
		require.NotContains(t, err.Error(), "secret")
	}
}

func TestTestNotificationWithoutAReceiverSaysWhy(t *testing.T) {
	for address, says := range map[string]string{
		"":                          "no URL of notifications is set",
		"secret":                    "not an address such as",
		"http://127.0.0.1:1/secret": "it refuses the connection. Check the host and port",
	} {
		t.Setenv("CALLTHREAD_NOTIFY_URL", address)
		_, err := starts(t, "test-notification")
		require.ErrorContains(t, err, says)
		require.NotContains(t, err.Error(), "secret")
		require.NotContains(t, err.Error(), "127.0.0.1")
	}
}
