package metrics

import (
	"context"
	"errors"
	"log/slog"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/api/workflowservice/v1"

	"github.com/callthread/callthread/workflows"
)

// list is a Temporal that counts runs by query.
type list struct {
	counts map[string]int64
	away   bool
	hangs  bool
	asked  int
}

func (l *list) CountWorkflow(ctx context.Context, r *workflowservice.CountWorkflowExecutionsRequest) (*workflowservice.CountWorkflowExecutionsResponse, error) {
	l.asked++
	if l.hangs {
		<-ctx.Done()
		return nil, ctx.Err()
	}
	if l.away {
		return nil, errors.New("connection refused")
	}
	return &workflowservice.CountWorkflowExecutionsResponse{Count: l.counts[r.GetQuery()]}, nil
}

// inPhases is what is shown, by phase.
func inPhases(t *testing.T, m *Metrics) map[string]float64 {
	t.Helper()
	families, err := m.registry.Gather()
	require.NoError(t, err)
	shown := make(map[string]float64)
	for _, family := range families {
		if family.GetName() != "callthread_calls_running" {
			continue
		}
		for _, metric := range family.GetMetric() {
			shown[metric.GetLabel()[0].GetValue()] = metric.GetGauge().GetValue()
		}
	}
	return shown
}

func counting(l *list) *Metrics {
	m := New()
	m.CountsRunning(l, slog.New(slog.DiscardHandler))
	return m
}

func TestParkedAndOtherRunningCallsAreCountedByPhase(t *testing.T) {
	m := counting(&list{counts: map[string]int64{workflows.ParkedCalls: 3, `CallPhase = "ringing" AND ExecutionStatus = "Running"`: 2}})
	require.Equal(t, map[string]float64{"parked": 3, "ringing": 2, "bridged": 0, "finished": 0, "missed": 0}, inPhases(t, m))
}

func TestTemporalIsNotAskedForEveryReaderOfThePage(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		temporal := &list{counts: map[string]int64{workflows.ParkedCalls: 1}}
		m := counting(temporal)
		for range 3 {
			require.InDelta(t, 1, inPhases(t, m)["parked"], 0)
		}
		require.Equal(t, len(phases), temporal.asked)
		temporal.counts[workflows.ParkedCalls] = 0
		<-time.After(countsAge)
		require.InDelta(t, 0, inPhases(t, m)["parked"], 0)
		require.Equal(t, 2*len(phases), temporal.asked)
	})
}

func TestCallsAreNotCountedAsNoneWhileTemporalIsAway(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		temporal := &list{away: true}
		m := counting(temporal)
		require.Empty(t, inPhases(t, m))
		require.Empty(t, inPhases(t, m))
		require.Equal(t, 1, temporal.asked, "nor is it asked again and again")

		temporal.hangs = true
		<-time.After(countsAge)
		began := time.Now()
		require.Empty(t, inPhases(t, m))
		require.Equal(t, countsTimeout, time.Since(began))

		temporal.away, temporal.hangs = false, false
		<-time.After(countsAge)
		require.Len(t, inPhases(t, m), len(phases))
	})
}
