package sandbox_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/callthread/callthread/kustomer/sandbox"
	"github.com/stretchr/testify/require"
)

func TestStatusFaultDoesNoWork(t *testing.T) {
	s := newSandbox()
	s.Inject(sandbox.Fault{Kind: sandbox.FaultStatus, Status: http.StatusBadGateway})
	r := call(s, "POST", "/v1/customers", `{}`)
	require.Equal(t, http.StatusBadGateway, r.status)
	require.Equal(t, "bad_gateway", r.get(t, "errors", 0, "code"))
	require.Empty(t, s.State().Customers)
	require.Equal(t, 1, s.State().Requests["POST /v1/customers"])
}

func TestInjected429HasTheReset(t *testing.T) {
	s := newSandbox()
	s.Inject(sandbox.Fault{Kind: sandbox.FaultStatus, Status: http.StatusTooManyRequests})
	r := call(s, "POST", "/v1/customers", `{}`)
	require.Equal(t, http.StatusTooManyRequests, r.status)
	require.Equal(t, "1777890660", r.header.Get("x-ratelimit-reset"))
}

func TestUnauthorizedFaultRefusesAGoodKey(t *testing.T) {
	s := newSandbox()
	s.Inject(sandbox.Fault{Kind: sandbox.FaultUnauthorized})
	require.Equal(t, http.StatusUnauthorized, call(s, "POST", "/v1/customers", `{}`).status)
	require.Empty(t, s.State().Customers)
}

func TestHTMLFaultAnswers200WithoutJSON(t *testing.T) {
	s := newSandbox()
	s.Inject(sandbox.Fault{Kind: sandbox.FaultHTML})
	r := call(s, "POST", "/v1/customers", `{}`)
	require.Equal(t, http.StatusOK, r.status)
	require.Equal(t, "text/html", r.header.Get("Content-Type"))
	require.Contains(t, r.body, "<html>")
	require.Empty(t, r.header.Get("x-ratelimit-limit"))
	require.Empty(t, s.State().Customers)
}

func TestLostAnswerWith5xxDoesTheWork(t *testing.T) {
	for status, want := range map[int]int{0: 503, 500: 500, 504: 504} {
		s := newSandbox()
		s.Inject(sandbox.Fault{Kind: sandbox.FaultLoseAnswer5xx, Status: status})
		require.Equal(t, want, call(s, "POST", "/v1/customers", `{}`).status)
		require.Len(t, s.State().Customers, 1)
	}
}

func TestHeldRequestsEndWithTheClient(t *testing.T) {
	for kind, done := range map[sandbox.FaultKind]int{sandbox.FaultTimeout: 0, sandbox.FaultHoldAnswer: 1} {
		synctest.Test(t, func(t *testing.T) {
			s := newSandbox()
			s.Inject(sandbox.Fault{Kind: kind})
			ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
			defer cancel()
			began := time.Now()
			require.PanicsWithValue(t, http.ErrAbortHandler, func() { callWith(ctx, s) })
			require.Equal(t, time.Hour, time.Since(began))
			require.Len(t, s.State().Customers, done)
		})
	}
}

func TestLatencyFaultDelaysTheAnswer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSandbox()
		s.Inject(sandbox.Fault{Kind: sandbox.FaultLatency, Latency: 3 * time.Second})
		began := time.Now()
		require.Equal(t, http.StatusCreated, callWith(t.Context(), s).status)
		require.Equal(t, 3*time.Second, time.Since(began))
	})
}

func TestSlowWorkOutlivesTheClient(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSandbox()
		s.Inject(sandbox.Fault{Kind: sandbox.FaultLatency, Latency: time.Minute})
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		callWith(ctx, s)
		require.Len(t, s.State().Customers, 1)
	})
}

func TestLateCommitFollowsTheCut(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := sandbox.New(sandbox.Config{APIKey: apiKey})
		s.Inject(sandbox.Fault{Kind: sandbox.FaultCommitLate, Latency: time.Minute})
		ctx, cancel := context.WithCancel(t.Context())
		began := time.Now()
		require.PanicsWithValue(t, http.ErrAbortHandler, func() { callWith(ctx, s) })
		cancel()
		require.Zero(t, time.Since(began), "cut at once")

		<-time.After(time.Minute - 1)
		require.Empty(t, s.State().Customers)
		<-time.After(1)
		synctest.Wait()
		require.Len(t, s.State().Customers, 1)
		require.Equal(t, time.Minute, s.State().Customers[0].CreatedAt.Sub(began))
	})
}

func callWith(ctx context.Context, s http.Handler) response {
	r := httptest.NewRequest("POST", "/v1/customers", strings.NewReader(`{}`)).WithContext(ctx)
	r.Header.Set("Authorization", "Bearer "+apiKey)
	r.Header.Set("Content-Type", "application/json")
	return send(s, r)
}

func TestFaultHonoursRouteSkipAndTimes(t *testing.T) {
	s := newSandbox()
	s.Inject(sandbox.Fault{Method: "GET", Route: "/v1/customers/phone={phone}", Kind: sandbox.FaultStatus,
		Status: 500, Skip: 1, Times: 2})
	var got []int
	for _, path := range []string{"tags", "customers/phone=1", "customers/email=1", "customers/phone=1", "customers/phone=1", "customers/phone=1"} {
		got = append(got, call(s, "GET", "/v1/"+path, "").status)
	}
	require.Equal(t, []int{200, 404, 404, 500, 500, 404}, got)
}

func TestFirstInjectedFaultAppliesFirst(t *testing.T) {
	s := newSandbox()
	s.Inject(sandbox.Fault{Kind: sandbox.FaultStatus, Status: 500, Times: 1})
	s.Inject(sandbox.Fault{Kind: sandbox.FaultStatus, Status: 502, Times: 1})
	for _, want := range []int{500, 502, 200} {
		require.Equal(t, want, call(s, "GET", "/v1/tags", "").status)
	}
}

func TestSeedDeterminesTheFaults(t *testing.T) {
	struck := func(seed int64) (pattern string) {
		s := sandbox.New(sandbox.Config{APIKey: apiKey, Seed: seed})
		s.Inject(sandbox.Fault{Kind: sandbox.FaultStatus, Status: 500, Probability: 0.3})
		for range 200 {
			pattern += string("ox"[call(s, "GET", "/v1/tags", "").status/500])
		}
		return pattern
	}
	require.Equal(t, struck(1), struck(1))
	require.NotEqual(t, struck(1), struck(2))
	require.InDelta(t, 60, strings.Count(struck(1), "x"), 25)
}

func TestClearedFaultsHaveNoEffect(t *testing.T) {
	s := newSandbox()
	s.Inject(sandbox.Fault{Kind: sandbox.FaultStatus, Status: 500})
	s.ClearFaults()
	require.Equal(t, http.StatusOK, call(s, "GET", "/v1/tags", "").status)
}

func TestStateCountsDisturbedRequests(t *testing.T) {
	s := newSandbox()
	require.Empty(t, s.State().Disturbed)
	s.Inject(sandbox.Fault{Kind: sandbox.FaultStatus, Status: 503, Times: 2, Skip: 1})
	s.Inject(sandbox.Fault{Kind: sandbox.FaultStatus, Status: 429, Latency: 1, Times: 1})
	s.Inject(sandbox.Fault{Kind: sandbox.FaultLatency, Latency: 1, Times: 1})
	s.Inject(sandbox.Fault{Kind: sandbox.FaultLoseAnswer5xx, Status: 500, Times: 1})
	send(s, httptest.NewRequest("GET", "/v1/tags", nil)) // without a key, so no fault applies
	for range 7 {
		call(s, "GET", "/v1/tags", "")
	}
	want := map[string]int{"status 503": 2, "status 429": 1, "latency": 1, "lose-answer-5xx": 1}
	require.Equal(t, want, s.State().Disturbed)
	require.Equal(t, 8, s.State().RequestTotal)

	call(s, "POST", "/sandbox/reset", "")
	require.Empty(t, s.State().Disturbed)
}

func TestFaultsIgnoreRequestsWithABadKey(t *testing.T) {
	s := newSandbox()
	s.Inject(sandbox.Fault{Kind: sandbox.FaultStatus, Status: 500, Times: 1})
	require.Equal(t, http.StatusUnauthorized, send(s, httptest.NewRequest("GET", "/v1/tags", nil)).status)
	require.Equal(t, http.StatusInternalServerError, call(s, "GET", "/v1/tags", "").status)
}

func TestInvalidFaultPanics(t *testing.T) {
	for _, f := range impossibleFaults {
		require.Panics(t, func() { newSandbox().Inject(f) }, "%+v", f)
	}
}

var impossibleFaults = []sandbox.Fault{
	{},
	{Kind: "explosion"},
	{Kind: sandbox.FaultStatus},
	{Kind: sandbox.FaultStatus, Status: 200},
	{Kind: sandbox.FaultLoseAnswer5xx, Status: 404},
	{Kind: sandbox.FaultLatency},
	{Kind: sandbox.FaultCommitLate},
	{Kind: sandbox.FaultReset, Route: "/v1/conversation"},
	{Kind: sandbox.FaultReset, Method: "DELETE", Route: "/v1/conversations"},
	{Kind: sandbox.FaultReset, Probability: 1.5},
	{Kind: sandbox.FaultReset, Times: -1},
}

func TestStatusFaultCanHaveRetryAfter(t *testing.T) {
	s := newSandbox()
	for _, status := range []int{http.StatusTooManyRequests, http.StatusServiceUnavailable} {
		s.Inject(sandbox.Fault{Kind: sandbox.FaultStatus, Status: status, RetryAfter: "3599", Times: 1})
		require.Equal(t, "3599", call(s, "GET", "/v1/tags", "").header.Get("Retry-After"))
	}
	require.Empty(t, call(s, "GET", "/v1/tags", "").header.Get("Retry-After"))
}
