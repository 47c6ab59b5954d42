package metrics

import (
	"maps"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestSDKMetricsAreCachedByTags(t *testing.T) {
	m := New()
	sdk := m.SDK()
	tags := map[string]string{"task_queue": "calls", "operation": "PollWorkflowTaskQueue"}
	first := sdk.WithTags(tags)
	require.Same(t, first, sdk.WithTags(maps.Clone(tags)))
	require.NotSame(t, first, sdk.WithTags(map[string]string{"task_queue": "calls"}))
	require.NotSame(t, first, first.WithTags(map[string]string{"worker_type": "LocalActivityWorker"}))

	first.Counter("temporal_request").Inc(1)
	sdk.WithTags(tags).Counter("temporal_request").Inc(1)
	first.WithTags(map[string]string{"operation": "StartWorkflowExecution"}).Counter("temporal_request").Inc(1)
	text := scrape(t, m)
	require.Contains(t, text, `temporal_request_total{operation="PollWorkflowTaskQueue",task_queue="calls"} 2`)
	require.Contains(t, text, `temporal_request_total{operation="StartWorkflowExecution",task_queue="calls"} 1`)
	require.Zero(t, testing.AllocsPerRun(10, func() { first.Timer("temporal_request_latency") }))
}
