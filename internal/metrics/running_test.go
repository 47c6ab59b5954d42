package metrics

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/api/workflowservice/v1"

	"github.com/callthread/callthread/workflows"
)

// list is a Temporal that counts workflows by query.
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

// inPhases returns the counts shown, by phase.
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

func ofLiveCalls(query string) string { return query + ` AND WorkflowId STARTS_WITH "call/"` }

func TestRunningCallsAreCountedByPhase(t *testing.T) {
	m := counting(&list{counts: map[string]int64{ofLiveCalls(workflows.ParkedCalls): 3, ofLiveCalls(`CallPhase = "ringing" AND ExecutionStatus = "Running"`): 2}})
	require.Equal(t, map[string]float64{"parked": 3, "ringing": 2, "bridged": 0, "finished": 0, "missed": 0}, inPhases(t, m))
}

func TestCountsAreCached(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		temporal := &list{counts: map[string]int64{ofLiveCalls(workflows.ParkedCalls): 1}}
		m := counting(temporal)
		for range 3 {
			require.InDelta(t, 1, inPhases(t, m)["parked"], 0)
		}
		require.Equal(t, len(phases), temporal.asked)
		temporal.counts[ofLiveCalls(workflows.ParkedCalls)] = 0
		<-time.After(countsAge)
		require.InDelta(t, 0, inPhases(t, m)["parked"], 0)
		require.Equal(t, 2*len(phases), temporal.asked)
	})
}

func TestCountIsAbsentWhileTemporalIsDown(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var logs bytes.Buffer
		temporal := &list{away: true}
		m := New()
		m.CountsRunning(temporal, slog.New(slog.NewTextHandler(&logs, nil)))
		require.Empty(t, inPhases(t, m))
		require.Empty(t, inPhases(t, m))
		require.Equal(t, 1, temporal.asked, "nor is it asked again and again")

		temporal.hangs = true
		<-time.After(countsAge)
		began := time.Now()
		require.Empty(t, inPhases(t, m))
		require.Equal(t, countsTimeout, time.Since(began))
		require.Equal(t, 1, strings.Count(logs.String(), "could not be counted"), "it is logged once")

		temporal.away, temporal.hangs = false, false
		<-time.After(countsAge)
		require.Len(t, inPhases(t, m), len(phases))
	})
}

func TestShadowMetricsHaveAPrefix(t *testing.T) {
	m := New()
	m.InShadow()
	m.CountsRunning(&list{counts: map[string]int64{
		ofLiveCalls(workflows.ParkedCalls): 3, workflows.ParkedCalls + ` AND WorkflowId STARTS_WITH "shadow/"`: 2,
	}}, slog.New(slog.DiscardHandler))
	m.Steps(200)
	families, err := m.gather()
	require.NoError(t, err)
	var ours []string
	for _, family := range families {
		if strings.HasPrefix(family.GetName(), "callthread_") {
			ours = append(ours, family.GetName())
			require.True(t, strings.HasPrefix(family.GetName(), "callthread_shadow_"), family.GetName())
		}
		if family.GetName() == "callthread_shadow_calls_running" {
			for _, metric := range family.GetMetric() {
				isParked := metric.GetLabel()[0].GetValue() == string(workflows.Parked)
				require.Equal(t, isParked, metric.GetGauge().GetValue() == 2, metric)
			}
		}
	}
	require.Contains(t, ours, "callthread_shadow_calls_running")
	require.Contains(t, ours, "callthread_shadow_step_attempts_total")
}
