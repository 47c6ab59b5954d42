package demo

import (
	"context"
	"errors"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/callthread/callthread/internal/child"
	"github.com/callthread/callthread/workflows"
)

var parts = []Part{Receiver, Temporal, Worker}

// shell is a part that runs a shell script.
func shell(script string) *part {
	return &part{start: func(context.Context) (*child.Process, error) { return child.Start(exec.Command("sh", "-c", script)) }}
}

func TestPartThatEndsByItselfEndsTheRunAndSaysWhy(t *testing.T) {
	stage := &Stage{parts: map[Part]*part{Worker: shell("echo no such table >&2; exit 7")}, failed: make(chan error, 1)}
	ctx, stop := stage.untilFailure(t.Context())
	defer stop()
	require.NoError(t, stage.Restart(ctx, Worker))
	<-ctx.Done()
	err := failure(ctx)
	require.ErrorContains(t, err, "worker ended by itself: exit status 7")
	require.ErrorContains(t, err, "no such table")
}

func TestKilledPartIsNoFailureAndRunsAgain(t *testing.T) {
	stage := &Stage{parts: map[Part]*part{Worker: shell("exec sleep 600")}, failed: make(chan error, 1)}
	for range 3 {
		require.NoError(t, stage.Restart(t.Context(), Worker))
		process := stage.parts[Worker].process
		stage.Kill(Worker)
		require.Equal(t, "signal: killed", process.End())
	}
	require.Empty(t, stage.failed)
}

func TestRunThatWasStoppedIsNoFailure(t *testing.T) {
	ctx, stop := (&Stage{failed: make(chan error, 1)}).untilFailure(t.Context())
	stop()
	<-ctx.Done()
	require.NoError(t, failure(ctx))
}

func TestProgramsAreToldOfTheStageAloneAndNotOfTheUsersSettings(t *testing.T) {
	for _, name := range []string{"TEMPORAL_NAMESPACE", "KUSTOMER_URL", "CALLTHREAD_AUTOMATIONS"} {
		t.Setenv(name, "the user's")
	}
	t.Setenv("HARMLESS", "stays")
	stage := &Stage{TemporalAddress: "127.0.0.1:1", KustomerURL: "http://127.0.0.1:2"}
	environment := stage.environment("127.0.0.1:3", "/some/automations.yaml", StageOptions{
		Budget: 1000, Keys: "demo:key", Patience: workflows.Patience{Settle: 20 * time.Second, Recording: 10 * time.Second},
	})
	for _, setting := range []string{
		"HARMLESS=stays", "TEMPORAL_ADDRESS=127.0.0.1:1", "KUSTOMER_URL=http://127.0.0.1:2", "KUSTOMER_BUDGET=800",
		"CALLTHREAD_LISTEN=127.0.0.1:3", "CALLTHREAD_SETTLE=20s", "CALLTHREAD_RECORDING_TIMEOUT=10s",
		"CALLTHREAD_AUTOMATIONS=/some/automations.yaml", "CALLTHREAD_METRICS_LISTEN=", "CALLTHREAD_ENCRYPTION_KEYS=demo:key",
	} {
		require.Contains(t, environment, setting)
	}
	require.False(t, slices.ContainsFunc(environment, func(setting string) bool { return strings.HasSuffix(setting, "=the user's") }))
}

func TestEveryPartIsKilledEvenInAShortRunAndRunsInTheEnd(t *testing.T) {
	stage := &Stage{parts: make(map[Part]*part), failed: make(chan error, 1)}
	for _, name := range parts {
		stage.parts[name] = shell("exec sleep 600")
		require.NoError(t, stage.Restart(t.Context(), name))
		t.Cleanup(func() { stage.Kill(name) })
	}
	var said []string
	s := newStorm(stage, Options{Seed: 1, Rate: 1, Faults: &Faults{Pause: time.Millisecond}}, func(line string) { said = append(said, line) })
	close(s.played)
	s.kill(t.Context())
	require.Equal(t, map[Part]int{Receiver: 1, Temporal: 1, Worker: 1}, s.kills)
	require.Len(t, said, 3)
	require.Equal(t, "3 kills (Temporal 1, receiver 1, worker 1)", killed(s.kills))
	require.Empty(t, stage.failed)
	for _, name := range parts {
		select {
		case <-stage.parts[name].process.Exited():
			require.Fail(t, "does not run", name)
		default:
		}
	}
}

func TestProcessThatDoesNotComeBackFailsTheRun(t *testing.T) {
	stage := &Stage{parts: make(map[Part]*part), failed: make(chan error, 1)}
	for _, name := range parts {
		stage.parts[name] = shell("exec sleep 600")
		require.NoError(t, stage.Restart(t.Context(), name))
		t.Cleanup(func() { stage.Kill(name) })
		stage.parts[name].start = func(context.Context) (*child.Process, error) { return nil, errors.New("no memory") }
	}
	s := newStorm(stage, Options{Seed: 1, Faults: &Faults{Pause: time.Millisecond}}, func(string) {})
	s.kill(t.Context())
	require.ErrorContains(t, <-stage.failed, "no memory")
}
