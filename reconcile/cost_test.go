package reconcile

import (
	"fmt"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	workflowpb "go.temporal.io/api/workflow/v1"

	"github.com/callthread/callthread/babelforce/calllog"
	"github.com/callthread/callthread/babelforce/sandbox"
)

// Ten thousand calls are a busy day. None is missing, so each call costs only its share of the
// pages of the log and of the workflow list.
func BenchmarkCompareTenThousandCalls(b *testing.B) {
	const calls = 10_000
	log := sandbox.New(sandbox.Config{Token: "static", Now: func() time.Time { return noon.Add(6 * time.Hour) }})
	temporal := &fakeTemporal{runs: make(map[string]*workflowpb.WorkflowExecutionInfo)}
	for n := range calls {
		id, rang := fmt.Sprintf("%032x", n+1), noon.Add(time.Duration(n)*100*time.Millisecond)
		log.Log(sandbox.Row{ID: id, SessionID: id, Type: "inbound", Source: "queue", Domain: "external", State: "completed", Created: rang, Finished: rang.Add(time.Minute), Logged: rang})
		temporal.has(id, nil)
	}
	web := httptest.NewServer(log)
	defer web.Close()
	reader, err := calllog.New(calllog.Config{BaseURL: web.URL, Credentials: calllog.Credentials{Token: "static"}, Pace: time.Nanosecond})
	require.NoError(b, err)
	a := &Activities{Log: reader, Temporal: temporal, Rules: judging(), Outbound: func() bool { return false }}
	for b.Loop() {
		before := log.Requests()
		c, err := a.Compare(b.Context(), Part{Window: Window{noon, noon.Add(time.Hour)}})
		require.NoError(b, err)
		require.Equal(b, map[Result]int{Matched: calls}, c.Counts)
		require.Empty(b, temporal.described)
		b.ReportMetric(float64(log.Requests()-before), "requests/op")
	}
}
