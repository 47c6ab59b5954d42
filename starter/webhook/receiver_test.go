package webhook

import (
	"bytes"
	"encoding/json"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/require"
)

const (
	secret = "a-long-random-secret"
	leg    = "7c3f9a2e4b5d6e8f9a0b1c2d3e4f5a6b"

	// Personal data: every body that these tests send contains both.
	phone, person = "+493055512399", "Marked Person"
)

// receiver is a handler with its own fake of Temporal. All answers and logs are searched for
// personal data.
type receiver struct {
	*Handler
	temporal *fakeTemporal
	answered []Answered
	logs     bytes.Buffer
}

// withReceiver runs a test in a synctest bubble: its clock moves only while all goroutines wait, so
// that the test does not depend on the load of the machine.
func withReceiver(t *testing.T, test func(*testing.T, *receiver), settings ...func(*Config)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) { test(t, newReceiver(t, settings...)) })
}

func newReceiver(t *testing.T, settings ...func(*Config)) *receiver {
	t.Helper()
	temporal, client := newTemporal(t)
	r := &receiver{temporal: temporal}
	var observing sync.Mutex
	config := Config{
		Temporal: client, TaskQueue: "calls",
		Log: slog.New(slog.NewJSONHandler(&r.logs, &slog.HandlerOptions{Level: slog.LevelDebug})),
		Observe: func(a Answered) {
			observing.Lock()
			defer observing.Unlock()
			r.answered = append(r.answered, a)
		},
	}
	for _, set := range settings {
		set(&config)
	}
	r.Handler = New(config)
	t.Cleanup(func() { requireAnonymous(t, r.logs.String()) })
	return r
}

// reply is an answer of the receiver, a success or a problem.
type reply struct {
	accepted
	problem
	status int
	header http.Header
}

// send serves a request and checks what every answer must fulfil.
func (r *receiver) send(t *testing.T, request *http.Request) (is reply) {
	t.Helper()
	recorder := httptest.NewRecorder()
	r.ServeHTTP(recorder, request)
	is.status, is.header = recorder.Code, recorder.Header()
	requireAnonymous(t, recorder.Body.String())
	if is.status < 400 {
		require.Equal(t, "application/json", is.header.Get("Content-Type"))
		require.NoError(t, json.Unmarshal(recorder.Body.Bytes(), &is.accepted))
		return is
	}
	require.Equal(t, "application/problem+json", is.header.Get("Content-Type"))
	require.NoError(t, json.Unmarshal(recorder.Body.Bytes(), &is.problem))
	require.Equal(t, is.status, is.problem.Status)
	require.Equal(t, http.StatusText(is.status), is.Title)
	require.Equal(t, "about:blank", is.Type)
	require.NotEmpty(t, is.Detail)
	return is
}

// post sends an event of one call. Its arguments are further JSON members.
func (r *receiver) post(t *testing.T, event string, fields ...string) reply {
	t.Helper()
	return r.send(t, request(event, fields...))
}

func request(event string, fields ...string) *http.Request {
	members := append([]string{`"call.id":"` + leg + `","call.from":"` + phone + `","agent.name":"` + person + `"`}, fields...)
	posted := httptest.NewRequest(http.MethodPost, "/webhooks/babelforce/"+event, strings.NewReader("{"+strings.Join(members, ",")+"}"))
	posted.Header.Set("Content-Type", "application/json")
	return posted
}

// requireAnonymous fails if a text contains the caller or the agent.
func requireAnonymous(t *testing.T, text string) {
	t.Helper()
	require.NotContains(t, text, phone[1:])
	require.NotContains(t, text, person)
	require.NotContains(t, text, secret)
}

// quoted is a text as a JSON string.
func quoted(t *testing.T, text string) string {
	t.Helper()
	quoted, err := json.Marshal(text)
	require.NoError(t, err)
	return string(quoted)
}
