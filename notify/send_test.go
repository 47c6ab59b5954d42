package notify

import (
	"context"
	"encoding/json"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/temporal"

	"github.com/callthread/callthread/internal/build"
)

// posted sends a message to a receiver with this answer.
func posted(t *testing.T, status int) (received map[string]any, err error) {
	t.Helper()
	receiver := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/services/secret" { // Send has followed a redirect
			received = nil
			return
		}
		require.Equal(t, "application/json", r.Header.Get("Content-Type"))
		require.Equal(t, build.UserAgent(), r.UserAgent())
		require.NoError(t, json.NewDecoder(r.Body).Decode(&received))
		w.Header().Set("Location", "/elsewhere")
		w.WriteHeader(status)
	}))
	defer receiver.Close()
	a := &Activities{Address: receiver.URL + "/services/secret"}
	err = a.Send(t.Context(), Message{Text: "Callthread: …", Kind: CallsParked, Count: 2, Calls: []string{"a"}})
	return received, err
}

func TestMessageIsPostedAsJSON(t *testing.T) {
	received, err := posted(t, http.StatusNoContent)
	require.NoError(t, err)
	require.Equal(t, map[string]any{
		"text": "Callthread: …", "kind": "calls_parked", "count": 2.0, "calls": []any{"a"}, "namespace": "", "runbook": "",
	}, received)
}

func TestOnlyServerErrorsAreRetried(t *testing.T) {
	for status, isFinal := range map[int]bool{500: false, 503: false, 404: true, 429: true, 302: true} {
		received, err := posted(t, status)
		require.NotNil(t, received)
		var failed *temporal.ApplicationError
		require.ErrorAs(t, err, &failed)
		require.Equal(t, isFinal, failed.NonRetryable(), status)
	}
}

func TestFailuresDoNotContainTheAddress(t *testing.T) {
	untrusted := httptest.NewUnstartedServer(http.NotFoundHandler())
	untrusted.Config.ErrorLog = log.New(io.Discard, "", 0)
	untrusted.StartTLS()
	defer untrusted.Close()
	for address, problem := range map[string]string{
		untrusted.URL + "/secret":             "its certificate is not trusted",
		"http://secret.invalid/secret":        "its name cannot be resolved",
		"http://127.0.0.1:1/secret":           "it refuses the connection",
		"http://127.0.0.1:1/secret\x00secret": "address cannot be used",
	} {
		err := (&Activities{Address: address}).Send(t.Context(), Message{})
		require.ErrorContains(t, err, problem)
		require.NotContains(t, err.Error(), "secret")
		require.NotContains(t, err.Error(), "127.0.0.1")
	}
	for _, address := range []string{"secret", "ftp://secret", "https://", "http://secret\x00"} {
		err := CheckAddress(address)
		require.ErrorContains(t, err, "not an address such as")
		require.NotContains(t, err.Error(), "secret")
	}
	require.NoError(t, CheckAddress("https://hooks.example.com/services/secret"))
}

func TestReceiverThatDoesNotAnswerIsNotWaitedForLonger(t *testing.T) {
	receiver := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body) // so that the server sees that the client is gone
		<-r.Context().Done()
	}))
	defer receiver.Close()
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	status, err := Post(ctx, receiver.URL, TestMessage("default"))
	require.Zero(t, status)
	require.EqualError(t, err, "the notification's receiver does not answer: no answer within 10 seconds")
	require.Equal(t, postTimeout, poster.Timeout)
}
