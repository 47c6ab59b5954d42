package kustomer

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

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
	case status <= 299: // of which the body says otherwise
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
		if status < 200 { // net/http takes these for preliminary answers
			require.Equal(t, Unavailable, statusKind(status), status)
			continue
		}
		c.budget = newBudget(0) // or a 401 and a 429 would hold back what follows
		e := asError(t, create(t.Context(), c))
		require.Equal(t, expectedKind(status), e.Kind, status)
		require.Equal(t, status, e.Status)
		require.Equal(t, e.Kind == Unavailable || e.Kind == NotUnderstood, e.Ambiguous(), status)
		require.True(t, IsKind(e, e.Kind))
	}
}

func TestAStrangersNotFoundProvesNothing(t *testing.T) {
	for _, body := range []string{`<html>Not Found</html>`, ``, `{"message":"no such route"}`, `{"errors":[]}`} {
		_, err := clientFor(t, answering(404, body)).ConversationByExternalID(t.Context(), "x")
		require.True(t, IsKind(err, Unavailable), body)
	}
	_, err := clientFor(t, answering(404, `{"errors":[{"status":404,"source":{"parameter":"externalId"},"code":"notfound","title":"Not Found"}]}`)).
		ConversationByExternalID(t.Context(), "x")
	require.True(t, IsKind(err, NotFound))
	require.EqualError(t, err, "kustomer: cannot find conversation by external id: not found (HTTP 404): Not Found [externalId]")
}

func TestASuccessThatDidNotArriveOrLacksWhatIsNeededIsAmbiguous(t *testing.T) {
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

// writes are the requests of whose answer nothing is needed.
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

func TestAWriteIsDoneIfKustomerSaysSoInWhateverWords(t *testing.T) {
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

func TestAWriteThatNeverLeftIsNotAmbiguous(t *testing.T) {
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

// opaque is a transport that keeps no trace, as a recording one might.
type opaque struct{}

func (opaque) RoundTrip(*http.Request) (*http.Response, error) { return nil, errors.New("lost") }

func TestATransportThatReportsNothingLeavesWritesAmbiguous(t *testing.T) {
	c, err := New(Config{BaseURL: "http://localhost", APIKey: apiKey, Transport: opaque{}})
	require.NoError(t, err)
	require.True(t, asError(t, create(t.Context(), c)).Ambiguous())
}

func TestATimeOutOfASentWriteIsAmbiguous(t *testing.T) {
	c := clientFor(t, hang, func(cfg *Config) { cfg.Timeout = 300 * time.Millisecond })
	err := create(t.Context(), c)
	require.True(t, asError(t, err).Ambiguous())
	require.ErrorIs(t, err, context.DeadlineExceeded)
	require.EqualError(t, err, "kustomer: cannot create conversation: unavailable: time-out")
}

// A connection shared by HTTP/2 requests is reported in another place of net/http.
func TestAWriteLostOverHTTP2IsAmbiguousOnAUsedConnectionToo(t *testing.T) {
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

func TestTheTimeOutCoversReadingTheBody(t *testing.T) {
	c := clientFor(t, func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.WriteString(w, `{"data":`)
		w.(http.Flusher).Flush()
		hang(w, r)
	}, func(cfg *Config) { cfg.Timeout = 300 * time.Millisecond })
	e := asError(t, create(t.Context(), c))
	require.Equal(t, 200, e.Status)
	require.True(t, e.Ambiguous())
	require.ErrorIs(t, e, context.DeadlineExceeded)
}

func TestACancelledWriteIsAmbiguousOnceSent(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	c := clientFor(t, func(w http.ResponseWriter, r *http.Request) {
		cancel()
		hang(w, r)
	})
	err := create(ctx, c)
	require.ErrorIs(t, err, context.Canceled)
	require.True(t, asError(t, err).Ambiguous())
}

func TestARequestBeyondKustomersLimitIsNotSent(t *testing.T) {
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

func TestKustomersWaitIsReadFromWhateverSaysIt(t *testing.T) {
	now := time.Now().Truncate(time.Second)
	reset := func(d time.Duration) string { return strconv.FormatInt(now.Add(d).Unix(), 10) }
	date := func(d time.Duration) string { return now.Add(d).UTC().Format(http.TimeFormat) }
	for name, x := range map[string]struct {
		status            int
		retryAfter, reset string
		want              time.Duration
	}{
		"seconds win":          {429, "7", reset(30 * time.Second), 7 * time.Second},
		"a date":               {429, date(9 * time.Second), "", 9 * time.Second},
		"the window's reset":   {429, "", reset(42 * time.Second), 42 * time.Second},
		"junk falls back":      {429, "soon", reset(42 * time.Second), 42 * time.Second},
		"so does a fraction":   {429, "7.5", reset(42 * time.Second), 42 * time.Second},
		"and a negative one":   {429, "-7", reset(42 * time.Second), 42 * time.Second},
		"maintenance":          {503, "60", reset(42 * time.Second), time.Minute},
		"an hour":              {429, "3599", "", 3599 * time.Second},
		"milliseconds":         {429, "3600000", "", 1000 * time.Hour},
		"a clock that is fast": {429, "", reset(3 * time.Hour), 3 * time.Hour},
		"503 ends no window":   {503, "", reset(42 * time.Second), 0},
		"the past":             {429, "", reset(-time.Minute), 0},
		"a date in the past":   {429, date(-time.Minute), reset(42 * time.Second), 0},
		"no time at all":       {429, "0", "", 0},
		"a negative reset":     {429, "", "-1", 0},
		"nothing said":         {429, "", "", 0},
		"other failures":       {500, "5", "", 0},
		"a success":            {200, "5", reset(42 * time.Second), 0},
	} {
		header := http.Header{}
		header.Set("Retry-After", x.retryAfter)
		header.Set("x-ratelimit-reset", x.reset)
		require.Equal(t, x.want, waitOf(x.status, header, now), name)
	}
	absurd := http.Header{"X-Ratelimit-Reset": {strconv.FormatInt(now.UnixMicro(), 10)}}
	require.Greater(t, waitOf(429, absurd, now), 24*time.Hour)
}

func TestARefusalIsTriedAgainWithinAMinuteHoweverLongKustomerAsksToWait(t *testing.T) {
	for after, want := range map[string]struct {
		in   time.Duration
		says string
	}{
		"20":   {20 * time.Second, ""},
		"60":   {time.Minute, ""},
		"3599": {time.Minute, ": Kustomer asks for a wait of 59m59s, and is asked again after a minute"},
	} {
		for status, kind := range map[int]string{429: "rate limited", 503: "unavailable"} {
			synctest.Test(t, func(t *testing.T) {
				c := clientAnswering(t, status, ``, "Retry-After", after)
				e := asError(t, create(t.Context(), c))
				require.Equal(t, time.Now().Add(want.in), e.RetryAt)
				require.EqualError(t, e, fmt.Sprintf("kustomer: cannot create conversation: %s (HTTP %d)%s", kind, status, want.says))
			})
		}
	}
}

func TestKindOfOtherErrorsIsEmpty(t *testing.T) {
	require.Empty(t, KindOf(io.EOF))
	require.Empty(t, KindOf(nil))
	require.False(t, IsKind(nil, ""))
}
