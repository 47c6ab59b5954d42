package source

import (
	"bytes"
	"fmt"
	"log/slog"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/require"
)

func TestFailuresAreLimitedPerSource(t *testing.T) {
	var logs bytes.Buffer
	failures := NewFailures(slog.New(slog.NewTextHandler(&logs, nil)), "webhook")
	one, other := Of(Address("203.0.113.9")), Of(Address("203.0.113.10"))
	for range FailureBurst {
		require.False(t, failures.Exhausted(one))
		answer := httptest.NewRecorder()
		require.True(t, failures.Refuse(answer, one, "event", "call-inbound"))
		require.Equal(t, "close", answer.Header().Get("Connection"))
	}
	require.Equal(t, FailureBurst, strings.Count(logs.String(), `msg="webhook refused" event=call-inbound`))
	require.True(t, failures.Exhausted(one))
	require.False(t, failures.Refuse(httptest.NewRecorder(), one))
	require.True(t, failures.Refuse(httptest.NewRecorder(), other))
}

func TestFloodFromEverywhereFillsNeitherMemoryNorLog(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var logs bytes.Buffer
		failures := NewFailures(slog.New(slog.NewTextHandler(&logs, nil)), "webhook")
		for i := range maxSources + 100 {
			from := Of(Address(fmt.Sprintf("2001:db8:%x:%x::1", i>>16, i&0xffff)))
			require.True(t, failures.Refuse(httptest.NewRecorder(), from))
			failures.TurnAway(httptest.NewRecorder())
		}
		require.Equal(t, maxSources, failures.left.Len())
		require.Equal(t, FailureBurst, strings.Count(logs.String(), "\n"))
		require.NotContains(t, logs.String(), "2001:db8")
	})
}
