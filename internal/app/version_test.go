package app

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"runtime/debug"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"
)

func TestWorkerHasNoVersionUnlessADeploymentIsNamed(t *testing.T) {
	s, err := tell(t)
	require.NoError(t, err)
	options, err := s.worker.Version.options()
	require.NoError(t, err)
	require.Zero(t, options)
	require.False(t, s.worker.Version.On())
}

func TestVersionIsThatOfTheFlagsElseOursElseOfTemporalsController(t *testing.T) {
	version := func(args ...string) worker.WorkerDeploymentVersion {
		s, err := tell(t, args...)
		require.NoError(t, err)
		options, err := s.worker.Version.options()
		require.NoError(t, err)
		require.True(t, options.UseVersioning)
		require.Equal(t, workflow.VersioningBehaviorPinned, options.DefaultVersioningBehavior)
		return options.Version
	}
	t.Setenv("TEMPORAL_DEPLOYMENT_NAME", "calls/theirs")
	t.Setenv("TEMPORAL_WORKER_BUILD_ID", "theirs")
	require.Equal(t, worker.WorkerDeploymentVersion{DeploymentName: "calls/theirs", BuildID: "theirs"}, version())
	t.Setenv("CALLTHREAD_DEPLOYMENT_NAME", "calls")
	t.Setenv("CALLTHREAD_BUILD_ID", "ours")
	require.Equal(t, worker.WorkerDeploymentVersion{DeploymentName: "calls", BuildID: "ours"}, version())
	require.Equal(t, worker.WorkerDeploymentVersion{DeploymentName: "flag", BuildID: "1"}, version("--deployment-name", "flag", "--build-id", "1"))
}

func TestVersionThatCannotBeOneIsRefused(t *testing.T) {
	for says, version := range map[string]Version{
		"--deployment-name (CALLTHREAD_DEPLOYMENT_NAME): set both": {BuildID: "1"},
		"neither dots nor colons":                                  {Deployment: "call.thread", BuildID: "1"},
		"set --build-id (CALLTHREAD_BUILD_ID)":                     {Deployment: "callthread"}, // tests are not built from a commit
	} {
		_, err := version.options()
		require.ErrorContains(t, err, says)
		w := Worker{Kustomer: Kustomer{URL: "https://acme.api.kustomerapp.com", Budget: 1}, Version: version}
		t.Setenv("KUSTOMER_API_KEY", "key")
		_, err = w.New(nil, nil)
		require.ErrorContains(t, err, says)
	}
}

func TestBuildIsNamedAfterItsCommitUnlessFilesWereChanged(t *testing.T) {
	revision := debug.BuildSetting{Key: "vcs.revision", Value: "0123456789abcdef0123"}
	require.Equal(t, "0123456789ab", commit([]debug.BuildSetting{revision, {Key: "vcs.modified", Value: "false"}}))
	require.Empty(t, commit([]debug.BuildSetting{revision, {Key: "vcs.modified", Value: "true"}}))
	require.Empty(t, commit(nil))
}

// deployment is one as Temporal describes it.
type deployment struct {
	client.WorkerDeploymentHandle
	sync.Mutex // who holds it may change what is described
	info       client.WorkerDeploymentInfo
	problem    error
	current    string // what was made so
	refuses    func() error
}

func (d *deployment) Describe(context.Context, client.WorkerDeploymentDescribeOptions) (client.WorkerDeploymentDescribeResponse, error) {
	d.Lock()
	defer d.Unlock()
	return client.WorkerDeploymentDescribeResponse{ConflictToken: []byte("token"), Info: d.info}, d.problem
}

func (d *deployment) SetCurrentVersion(_ context.Context, options client.WorkerDeploymentSetCurrentVersionOptions) (client.WorkerDeploymentSetCurrentVersionResponse, error) {
	if string(options.ConflictToken) != "token" || options.AllowNoPollers || options.IgnoreMissingTaskQueues {
		return client.WorkerDeploymentSetCurrentVersionResponse{}, errors.New("decided blindly")
	}
	if d.refuses != nil {
		return client.WorkerDeploymentSetCurrentVersionResponse{}, d.refuses()
	}
	d.current = options.BuildID
	return client.WorkerDeploymentSetCurrentVersionResponse{}, nil
}

func version(buildID string) *worker.WorkerDeploymentVersion {
	return &worker.WorkerDeploymentVersion{DeploymentName: "callthread", BuildID: buildID}
}

func described(routing client.WorkerDeploymentRoutingConfig, drainage client.WorkerDeploymentVersionDrainageStatus) client.WorkerDeploymentInfo {
	return client.WorkerDeploymentInfo{RoutingConfig: routing, VersionSummaries: []client.WorkerDeploymentVersionSummary{{Version: *version("mine"), DrainageStatus: drainage}}}
}

func TestBuildLearnsWhichCallsComeToIt(t *testing.T) {
	mine := &Version{Deployment: "callthread", BuildID: "mine"}
	long := time.Now().Add(-time.Hour)
	const none, draining, drained = client.WorkerDeploymentVersionDrainageStatusUnspecified, client.WorkerDeploymentVersionDrainageStatusDraining, client.WorkerDeploymentVersionDrainageStatusDrained
	for name, c := range map[string]struct {
		routing  client.WorkerDeploymentRoutingConfig
		drainage client.WorkerDeploymentVersionDrainageStatus
		level    slog.Level
		says     string
		current  string
	}{
		"first of all":      {client.WorkerDeploymentRoutingConfig{}, none, slog.LevelInfo, "is current", "mine"},
		"current":           {client.WorkerDeploymentRoutingConfig{CurrentVersion: version("mine"), CurrentVersionChangedTime: long}, none, slog.LevelInfo, "is current", ""},
		"new":               {client.WorkerDeploymentRoutingConfig{CurrentVersion: version("other"), CurrentVersionChangedTime: long}, none, slog.LevelWarn, "no call comes to this build until it is made current; new calls go to build other", ""},
		"taken back":        {client.WorkerDeploymentRoutingConfig{CurrentVersionChangedTime: long}, none, slog.LevelWarn, "new calls go to workers without a version", ""},
		"beside one tried":  {client.WorkerDeploymentRoutingConfig{RampingVersion: version("other"), RampingVersionPercentage: 5, RampingVersionChangedTime: long}, none, slog.LevelWarn, "without a version", ""},
		"tried":             {client.WorkerDeploymentRoutingConfig{CurrentVersion: version("other"), RampingVersion: version("mine"), RampingVersionPercentage: 5}, none, slog.LevelInfo, "5 % of new calls", ""},
		"before the last":   {client.WorkerDeploymentRoutingConfig{CurrentVersion: version("other")}, draining, slog.LevelInfo, "finishes the calls that began with it; new calls go to build other", ""},
		"needed by no call": {client.WorkerDeploymentRoutingConfig{CurrentVersion: version("other")}, drained, slog.LevelInfo, "may be stopped", ""},
	} {
		t.Run(name, func(t *testing.T) {
			temporal := &deployment{info: described(c.routing, c.drainage)}
			now, err := mine.look(t.Context(), temporal)
			require.NoError(t, err)
			require.Equal(t, c.level, now.level)
			require.Contains(t, now.words, c.says)
			require.Equal(t, c.current, temporal.current)
		})
	}
}

func TestFirstBuildSaysWhereItStandsIfItMayNotMakeItselfCurrent(t *testing.T) {
	mine := &Version{Deployment: "callthread", BuildID: "mine"}
	temporal := &deployment{info: described(client.WorkerDeploymentRoutingConfig{}, 0), refuses: func() error { return errors.New("not yours") }}
	now, err := mine.look(t.Context(), temporal)
	require.NoError(t, err)
	require.Equal(t, slog.LevelWarn, now.level)
	require.Contains(t, now.words, "until it is made current, which Temporal has refused it: not yours")

	temporal.refuses = func() error { // another worker of the same build was faster
		temporal.info = described(client.WorkerDeploymentRoutingConfig{CurrentVersion: version("mine"), CurrentVersionChangedTime: time.Now()}, 0)
		return serviceerror.NewFailedPrecondition("conflict token mismatch")
	}
	now, err = mine.look(t.Context(), temporal)
	require.NoError(t, err)
	require.Equal(t, standing{slog.LevelInfo, takesNewCalls}, now)
}

func TestLogSaysOnceWhichCallsComeToABuildAndAgainWhenThatChanges(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var logs bytes.Buffer
		ctx, stop := context.WithCancel(t.Context())
		temporal := &deployment{problem: serviceerror.NewNotFound("no worker was heard of yet")}
		mine := &Version{Deployment: "callthread", BuildID: "mine"}
		go mine.follow(ctx, temporal, "support", slog.New(slog.NewTextHandler(&logs, nil)))
		goesOn := func() {
			<-time.After(5 * lookForRouting)
			synctest.Wait()
		}
		saysOf := func(info client.WorkerDeploymentInfo, problem error) (lines []string) {
			temporal.Lock()
			logs.Reset()
			temporal.info, temporal.problem = info, problem
			temporal.Unlock()
			goesOn()
			return strings.Split(strings.TrimSpace(logs.String()), "\n")
		}
		require.Equal(t, []string{""}, saysOf(client.WorkerDeploymentInfo{}, serviceerror.NewNotFound("no worker was heard of yet")))

		lines := saysOf(described(client.WorkerDeploymentRoutingConfig{CurrentVersion: version("other")}, 0), nil)
		require.Len(t, lines, 1)
		for _, word := range []string{"level=WARN", "new calls go to build other", "deployment=callthread", "build=mine",
			`command="temporal worker deployment set-current-version --namespace support --deployment-name callthread --build-id mine"`} {
			require.Contains(t, lines[0], word)
		}
		lines = saysOf(described(client.WorkerDeploymentRoutingConfig{CurrentVersion: version("mine")}, 0), nil)
		require.Len(t, lines, 1)
		require.Contains(t, lines[0], "level=INFO")
		require.NotContains(t, lines[0], "command")

		lines = saysOf(client.WorkerDeploymentInfo{}, errors.New("not allowed"))
		require.Len(t, lines, 1)
		require.Contains(t, lines[0], "Temporal does not tell which calls go to this build: not allowed")
		stop()
		goesOn()
	})
}
