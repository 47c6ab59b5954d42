package telemetry

import (
	"context"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	babelforce "github.com/callthread/callthread/babelforce/sandbox"
	"github.com/callthread/callthread/reconcile"
)

func TestWorkerCountsComparisonsAndRepairs(t *testing.T) {
	log := babelforce.New(babelforce.Config{Token: "token"})
	web := httptest.NewServer(log)
	t.Cleanup(web.Close)
	rang := time.Now().Add(-10 * time.Minute).Truncate(time.Second)
	log.Log(babelforce.Row{
		ID: t.Name(), SessionID: "s", Type: "inbound", Source: "queue", Domain: "external", State: "completed", FinishReason: "hangup",
		From: "+493023125042", To: "+493023125001", Created: rang, Finished: rang.Add(time.Minute), Logged: rang,
	})
	p := startedPrograms(t, "BABELFORCE_URL="+web.URL, "BABELFORCE_TOKEN=token", "CALLTHREAD_RECONCILE_EVERY=1s", "CALLTHREAD_RECONCILE_SETTLE=1s",
		"CALLTHREAD_RECONCILE_REPAIR=true", "CALLTHREAD_RECONCILE_SINCE="+rang.Add(-time.Hour).Format(time.RFC3339))
	t.Cleanup(func() {
		for _, id := range []string{reconcile.PassSchedule(p.queue), reconcile.StatementSchedule(p.queue)} {
			require.NoError(t, p.Temporal.ScheduleClient().GetHandle(context.Background(), id).Delete(context.Background()))
		}
	})
	p.eventually(t, "worker", `callthread_reconciled_calls_total{result="missed"} 1`)
	p.eventually(t, "worker", `callthread_repaired_calls_total 1`)
	require.NotContains(t, p.page(t, "worker"), "\ncallthread_reconciled_until_seconds 0\n")
	p.Result(t, t.Name())
}
