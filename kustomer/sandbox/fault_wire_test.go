package sandbox_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/callthread/callthread/kustomer/sandbox"
	"github.com/callthread/callthread/testsuite/pipes"
)

// overTheWire creates a customer over a real connection, to which faults apply.
func overTheWire(t *testing.T, s *sandbox.Server) (*http.Response, []byte, error) {
	t.Helper()
	server := httptest.NewServer(s)
	t.Cleanup(server.Close)
	r, err := http.NewRequest("POST", server.URL+"/v1/customers", strings.NewReader(`{"name":"Ada"}`))
	require.NoError(t, err)
	r.Header.Set("Authorization", "Bearer "+apiKey)
	r.Header.Set("Content-Type", "application/json")
	answer, err := server.Client().Do(r)
	if err != nil {
		return nil, nil, err
	}
	defer func() { require.NoError(t, answer.Body.Close()) }()
	body, err := io.ReadAll(answer.Body)
	return answer, body, err
}

func TestResetFaultDoesNoWork(t *testing.T) {
	s := newSandbox()
	s.Inject(sandbox.Fault{Kind: sandbox.FaultReset})
	_, _, err := overTheWire(t, s)
	require.ErrorIs(t, err, io.EOF)
	require.Empty(t, s.State().Customers)
}

func TestLostAnswerDoesTheWork(t *testing.T) {
	s := newSandbox()
	s.Inject(sandbox.Fault{Kind: sandbox.FaultLoseAnswer})
	_, _, err := overTheWire(t, s)
	require.ErrorIs(t, err, io.EOF)
	require.Len(t, s.State().Customers, 1)
}

func TestLateCommitOutlivesItsRequest(t *testing.T) {
	s := newSandbox()
	fault := call(s, "POST", "/sandbox/faults", `{"kind":"commit-late","latencyMs":30}`)
	require.Equal(t, http.StatusCreated, fault.status, fault.body)
	_, _, err := overTheWire(t, s)
	require.ErrorIs(t, err, io.EOF)
	done := func() bool { return len(s.State().Customers) == 1 }
	require.Eventually(t, done, time.Minute, 5*time.Millisecond)
}

func TestTruncatedAnswerDoesTheWork(t *testing.T) {
	s := newSandbox()
	s.Inject(sandbox.Fault{Kind: sandbox.FaultTruncate})
	answer, body, err := overTheWire(t, s)
	require.ErrorIs(t, err, io.ErrUnexpectedEOF)
	require.Equal(t, http.StatusCreated, answer.StatusCode)
	require.True(t, strings.HasPrefix(string(body), `{"data":`))
	require.EqualValues(t, answer.ContentLength/2, len(body))
	require.Len(t, s.State().Customers, 1)
}

func TestTimeoutFaultEndsWithTheClient(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSandbox()
		s.Inject(sandbox.Fault{Kind: sandbox.FaultTimeout})
		ended := make(chan any, 1)
		wire := pipes.Serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			defer func() { ended <- recover() }()
			s.ServeHTTP(w, r)
		}))
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		r, err := http.NewRequestWithContext(ctx, "POST", "http://localhost/v1/customers", strings.NewReader(`{}`))
		require.NoError(t, err)
		r.Header.Set("Authorization", "Bearer "+apiKey)
		_, err = wire.RoundTrip(r)
		require.ErrorIs(t, err, context.DeadlineExceeded)
		require.Equal(t, http.ErrAbortHandler, <-ended)
	})
}

func TestCallsUnderRandomFaultsStayConsistent(t *testing.T) {
	s := sandbox.New(sandbox.Config{APIKey: apiKey, Budget: 10_000})
	server := httptest.NewServer(s)
	defer server.Close()
	s.Inject(sandbox.Fault{Kind: sandbox.FaultLoseAnswer, Probability: 0.2})
	s.Inject(sandbox.Fault{Kind: sandbox.FaultReset, Probability: 0.2})
	answered := 0
	for range 200 {
		r, err := http.NewRequest("POST", server.URL+"/v1/customers", strings.NewReader(`{}`))
		require.NoError(t, err)
		r.Header.Set("Authorization", "Bearer "+apiKey)
		r.Header.Set("Content-Type", "application/json")
		answer, err := server.Client().Do(r)
		if err != nil {
			require.True(t, errors.Is(err, io.EOF) || strings.Contains(err.Error(), "reset"), err)
			continue
		}
		require.NoError(t, answer.Body.Close())
		answered++
	}
	require.Greater(t, len(s.State().Customers), answered, "some were created and their answers lost")
	require.Less(t, len(s.State().Customers), 200, "some were never created")
}
