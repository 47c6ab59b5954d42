package activities

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/temporal"

	"github.com/callthread/callthread/call"
	"github.com/callthread/callthread/kustomer/sandbox"
)

func TestStatusDecidesWhenToRetry(t *testing.T) {
	for status, want := range map[int]struct {
		failure     string
		least, most time.Duration
	}{
		400: {Refused, 0, 0},
		401: {Credentials, 500 * time.Millisecond, 1500 * time.Millisecond},
		403: {Credentials, 500 * time.Millisecond, 1500 * time.Millisecond},
		404: {Refused, 500 * time.Millisecond, 1500 * time.Millisecond}, // the object may be there soon
		408: {Unavailable, 500 * time.Millisecond, 1500 * time.Millisecond},
		409: {Refused, 500 * time.Millisecond, 1500 * time.Millisecond}, // the conflict may end
		413: {Refused, 0, 0},
		422: {Refused, 0, 0},
		429: {RateLimited, time.Second, 66 * time.Second},
		500: {Unavailable, 500 * time.Millisecond, 1500 * time.Millisecond},
		503: {Unavailable, 500 * time.Millisecond, 1500 * time.Millisecond},
		504: {Unavailable, 500 * time.Millisecond, 1500 * time.Millisecond},
	} {
		t.Run(strconv.Itoa(status), func(t *testing.T) {
			o := newOrg(t)
			o.Inject(sandbox.Fault{Method: "POST", Route: "/v1/conversations", Kind: sandbox.FaultStatus, Status: status})
			_, err := o.rings(t, caller).tries()
			failure := failureOf(t, err)
			require.Equal(t, want.failure, failure.Type())
			require.Equal(t, want.most == 0, failure.NonRetryable())
			if !failure.NonRetryable() {
				require.GreaterOrEqual(t, failure.NextRetryDelay(), want.least)
				require.LessOrEqual(t, failure.NextRetryDelay(), want.most)
			}
		})
	}
}

func TestLastingConflictIsRefused(t *testing.T) {
	o := newOrg(t)
	o.Inject(sandbox.Fault{Method: "POST", Route: "/v1/conversations", Kind: sandbox.FaultStatus, Status: 409})
	_, failed, err := repeat(t, o.CreateConversation, o.rings(t, caller).next())
	require.Error(t, err)
	require.Len(t, failed, conflictTries)
	require.True(t, failed[conflictTries-1].NonRetryable())
	var brief string
	require.NoError(t, failed[0].Details(&brief))
	require.Equal(t, "cannot create conversation: conflict (HTTP 409)", brief)
}

func TestUsedUpBudgetIsRetriedAfterTheReset(t *testing.T) {
	in := func(d time.Duration) string { return strconv.FormatInt(time.Now().Add(d).Unix(), 10) }
	for name, tc := range map[string]struct {
		header, value string
		reset         time.Duration
	}{
		"until the reset":                {"X-Ratelimit-Reset", in(20 * time.Second), 19 * time.Second}, // whole seconds only
		"as in Retry-After":              {"Retry-After", "40", 40 * time.Second},
		"a minute when nothing said":     {"X-Other", "", time.Minute},
		"a minute at most":               {"Retry-After", "1800", time.Minute},
		"a minute when a clock is wrong": {"X-Ratelimit-Reset", in(3 * time.Hour), time.Minute},
	} {
		t.Run(name, func(t *testing.T) {
			began := time.Now()
			o := newOrg(t, func(o *org) {
				o.handler = http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
					w.Header().Set(tc.header, tc.value)
					w.WriteHeader(http.StatusTooManyRequests)
				})
			})
			_, err := o.rings(t, caller).tries()
			failure := failureOf(t, err)
			late := time.Since(began)
			require.Equal(t, RateLimited, failure.Type())
			require.GreaterOrEqual(t, failure.NextRetryDelay()+late, tc.reset)
			require.LessOrEqual(t, failure.NextRetryDelay(), tc.reset+8*time.Second, "spread over a few seconds")
			require.Equal(t, temporal.ApplicationErrorCategoryBenign, failure.Category(), "no alert for a busy minute")
		})
	}
}

func TestACallGoesOnWhenTheBudgetOrTheKeyIsRightAgain(t *testing.T) {
	for status, failure := range map[int]string{429: RateLimited, 401: Credentials} {
		o := newOrg(t)
		o.Inject(sandbox.Fault{Kind: sandbox.FaultStatus, Status: status, Times: 3})
		// The test does not wait, so each attempt uses another worker: a worker that was
		// just refused delays its requests.
		_, failed, err := repeat(t, func(ctx context.Context, in StepInput) (StepResult, error) {
			return o.anotherWorker(t).CreateConversation(ctx, in)
		}, o.rings(t, caller).next())
		require.NoError(t, err)
		require.Len(t, failed, 3)
		require.Equal(t, failure, failed[2].Type())
		require.NotEmpty(t, o.conversation(t).ID)
	}
}

func TestOutageIsRetriedWithBackoffAndJitter(t *testing.T) {
	delays := func() (delays []time.Duration) {
		o := newOrg(t)
		o.Inject(sandbox.Fault{Kind: sandbox.FaultStatus, Status: 503})
		_, failed, err := repeat(t, o.CreateConversation, o.rings(t, caller).next())
		require.Equal(t, Unavailable, failureOf(t, err).Type())
		require.Len(t, failed, 10)
		for i, failure := range failed {
			require.False(t, failure.NonRetryable())
			middle := backoff(int32(i + 1))
			require.GreaterOrEqual(t, failure.NextRetryDelay(), middle/2)
			require.LessOrEqual(t, failure.NextRetryDelay(), middle*3/2)
			delays = append(delays, failure.NextRetryDelay())
		}
		return delays
	}
	require.NotEqual(t, delays(), delays())
	require.Equal(t, firstBackoff, backoff(1))
	require.Greater(t, backoff(2), backoff(1))
	require.Less(t, backoff(10), maxBackoff)
	require.Equal(t, maxBackoff, backoff(1_000_000), "after a week of an outage")
}

func TestRefusalContainsTheReasonButNoName(t *testing.T) {
	for name, write := range map[string]string{"customer": "/customers", "conversation": "/conversations", "note": "/notes"} {
		t.Run(name, func(t *testing.T) {
			o := newOrg(t, func(o *org) { o.handler = refusing(write, o.Server) })
			p := o.rings(t, caller)
			if name == "note" {
				p.does()
				p.picksUp(12, call.Agent{ID: "7", Name: "Zacharias Quellwasser " + caller, SourceID: amira.ID})
			}
			_, err := p.tries()
			require.Equal(t, Refused, failureOf(t, err).Type())
			require.True(t, failureOf(t, err).NonRetryable())
			require.ErrorContains(t, err, "Not for us")
			require.ErrorContains(t, err, "/properties/thing")
			stored := temporal.GetDefaultFailureConverter().ErrorToFailure(err).String() // as the history stores it
			for _, secret := range []string{"3066665555", "Zacharias", "Quellwasser", apiKey} {
				require.NotContains(t, err.Error(), secret)
				require.NotContains(t, stored, secret)
			}
		})
	}
}

// refusing answers one kind of write with a refusal that quotes the request, and passes all
// others to the sandbox.
func refusing(write string, others http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodPost || !strings.HasSuffix(r.URL.Path, write) {
			others.ServeHTTP(w, r)
			return
		}
		body, _ := io.ReadAll(r.Body)
		w.WriteHeader(http.StatusBadRequest)
		_ = json.NewEncoder(w).Encode(map[string]any{"errors": []any{map[string]any{
			"title":  "Not for us: " + string(body) + r.Header.Get("Authorization"),
			"source": map[string]any{"pointer": "/properties/thing"},
		}}})
	})
}
