package kustomer

import (
	"context"
	"errors"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/require"
)

func asError(t *testing.T, err error) *Error {
	t.Helper()
	var e *Error
	require.ErrorAs(t, err, &e)
	return e
}

func create(ctx context.Context, c *Client) error {
	_, err := c.CreateConversation(ctx, NewConversation{CustomerID: customerID, Name: "Call from Alice"})
	return err
}

func expectedKind(status int) Kind {
	switch status {
	case 401, 403:
		return Credentials
	case 404:
		return NotFound
	case 408, 425:
		return Unavailable
	case 409:
		return Conflict
	case 429:
		return RateLimited
	}
	switch {
	case status >= 400 && status <= 499:
		return Rejected
	case status <= 299: // whose body lists errors
		return NotUnderstood
	}
	return Unavailable
}

func TestEveryStatusHasItsKind(t *testing.T) {
	var status int
	c := clientFor(t, func(w http.ResponseWriter, r *http.Request) {
		answering(status, `{"errors":[{"code":"x","message":"no"}]}`)(w, r)
	})
	for status = 100; status <= 599; status++ {
		if status < 200 { // net/http treats these as preliminary answers
			require.Equal(t, Unavailable, statusKind(status), status)
			continue
		}
		c.budget = newBudget(0) // a 401 and a 429 would hold the next requests
		e := asError(t, create(t.Context(), c))
		require.Equal(t, expectedKind(status), e.Kind, status)
		require.Equal(t, status, e.Status)
		require.Equal(t, e.Kind == Unavailable || e.Kind == NotUnderstood, e.Ambiguous(), status)
		require.True(t, IsKind(e, e.Kind))
	}
}

func TestProxysNotFoundIsUnavailable(t *testing.T) {
	for _, body := range []string{`<html>Not Found</html>`, ``, `{"message":"no such route"}`, `{"errors":[]}`} {
		_, err := clientFor(t, answering(404, body)).ConversationByExternalID(t.Context(), "x")
		require.True(t, IsKind(err, Unavailable), body)
	}
	_, err := clientFor(t, answering(404, `{"errors":[{"status":404,"source":{"parameter":"externalId"},"code":"notfound","title":"Not Found"}]}`)).
		ConversationByExternalID(t.Context(), "x")
	require.True(t, IsKind(err, NotFound))
	require.EqualError(t, err, "kustomer: cannot find conversation by external id: not found (HTTP 404): Not Found [externalId]")
}

func TestUnsentWriteIsNotAmbiguous(t *testing.T) {
	dead := httptest.NewServer(nil)
	dead.Close()
	c, err := New(Config{BaseURL: dead.URL, APIKey: apiKey})
	require.NoError(t, err)
	e := asError(t, create(t.Context(), c))
	require.Equal(t, Unavailable, e.Kind)
	require.Zero(t, e.Status)
	require.False(t, e.Ambiguous())
	require.EqualError(t, e, "kustomer: cannot create conversation: unavailable: connection refused")

	untrusted := httptest.NewUnstartedServer(answering(200, aConversation))
	untrusted.Config.ErrorLog = log.New(io.Discard, "", 0)
	untrusted.StartTLS()
	t.Cleanup(untrusted.Close)
	c, err = New(Config{BaseURL: untrusted.URL, APIKey: apiKey})
	require.NoError(t, err)
	e = asError(t, create(t.Context(), c))
	require.False(t, e.Ambiguous())
	require.ErrorContains(t, e, "certificate is not trusted")
}

// opaque is a transport that does not report to httptrace.
type opaque struct{}

func (opaque) RoundTrip(*http.Request) (*http.Response, error) { return nil, errors.New("lost") }

func TestUntracedWriteIsAmbiguous(t *testing.T) {
	c, err := New(Config{BaseURL: "http://localhost", APIKey: apiKey, Transport: opaque{}})
	require.NoError(t, err)
	require.True(t, asError(t, create(t.Context(), c)).Ambiguous())
}

func TestTimeOutOfASentWriteIsAmbiguous(t *testing.T) {
	synctest.Test(t, func(t *testing.T) { // its clock waits until the request is sent
		err := create(t.Context(), clientInMemory(t, hang))
		require.True(t, asError(t, err).Ambiguous())
		require.ErrorIs(t, err, context.DeadlineExceeded)
		require.EqualError(t, err, "kustomer: cannot create conversation: unavailable: time-out")
	})
}

// net/http reports a connection shared by HTTP/2 requests in another place.
func TestLostHTTP2WriteIsAmbiguous(t *testing.T) {
	arrived := make(chan struct{}, 1)
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.ProtoMajor == 2 {
			arrived <- struct{}{}
		}
		hang(w, r)
	}))
	server.EnableHTTP2 = true
	server.StartTLS()
	t.Cleanup(server.Close)
	c, err := New(Config{BaseURL: server.URL, APIKey: apiKey, Transport: server.Client().Transport})
	require.NoError(t, err)
	for range 3 {
		ctx, cancel := context.WithCancel(t.Context())
		go func() {
			<-arrived
			cancel()
		}()
		err := create(ctx, c)
		require.ErrorIs(t, err, context.Canceled)
		require.True(t, asError(t, err).Ambiguous())
	}
}

func TestTimeOutCoversReadingTheBody(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := clientInMemory(t, func(w http.ResponseWriter, r *http.Request) {
			_, _ = io.WriteString(w, `{"data":`)
			w.(http.Flusher).Flush()
			hang(w, r)
		})
		e := asError(t, create(t.Context(), c))
		require.Equal(t, 200, e.Status)
		require.True(t, e.Ambiguous())
		require.ErrorIs(t, e, context.DeadlineExceeded)
	})
}

func TestCancelledWriteIsAmbiguousOnceSent(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	c := clientFor(t, func(w http.ResponseWriter, r *http.Request) {
		cancel()
		hang(w, r)
	})
	err := create(ctx, c)
	require.ErrorIs(t, err, context.Canceled)
	require.True(t, asError(t, err).Ambiguous())
}

func TestTooLargeRequestIsNotSent(t *testing.T) {
	c := clientFor(t, func(http.ResponseWriter, *http.Request) { t.Error("sent") })
	err := c.CreateNote(t.Context(), conversationID, NewNote{Body: strings.Repeat("a", maxRequestBytes)})
	e := asError(t, err)
	require.Equal(t, Rejected, e.Kind)
	require.False(t, e.Ambiguous())
	require.ErrorContains(t, e, "more than Kustomer's limit of 100000")

	_, err = c.CreateConversation(t.Context(), NewConversation{Custom: map[string]any{"xNum": func() {}}})
	require.True(t, IsKind(err, Rejected))
	_, err = c.UpdateConversation(t.Context(), "", ConversationUpdate{})
	require.True(t, IsKind(err, Rejected))
}

func TestKindOfOtherErrorsIsEmpty(t *testing.T) {
	require.Empty(t, KindOf(io.EOF))
	require.Empty(t, KindOf(nil))
	require.False(t, IsKind(nil, ""))
}
