package app

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"

	"github.com/callthread/callthread/internal/build"
	"github.com/callthread/callthread/reconcile"
)

func TestVersionNeedsADeploymentName(t *testing.T) {
	s, err := parse(t)
	require.NoError(t, err)
	options, err := s.worker.Version.options()
	require.NoError(t, err)
	require.Zero(t, options)
	require.False(t, s.worker.Version.On())
}

func TestPrecedenceOfVersionSettings(t *testing.T) {
	version := func(args ...string) worker.WorkerDeploymentVersion {
		s, err := parse(t, args...)
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

func TestInvalidVersionIsRefused(t *testing.T) {
	for says, version := range map[string]Version{
		"--deployment-name (CALLTHREAD_DEPLOYMENT_NAME): set both": {BuildID: "1"},
		"neither dots nor colons":                                  {Deployment: "call.thread", BuildID: "1"},
		"set --build-id (CALLTHREAD_BUILD_ID)":                     {Deployment: "callthread"}, // tests are not built from a commit
	} {
		_, err := version.options()
		require.ErrorContains(t, err, says)
		w := Worker{Kustomer: Kustomer{URL: "https://acme.api.kustomerapp.com", Budget: 1}, Version: version}
		t.Setenv("KUSTOMER_API_KEY", "key")
		_, err = w.New(nil, nil, reconcile.Observer{})
		require.ErrorContains(t, err, says)
	}
}

func TestBuildIDIsTheUnmodifiedCommit(t *testing.T) {
	require.Equal(t, "0123456789ab", commit(build.Info{Commit: "0123456789ab"}))
	require.Empty(t, commit(build.Info{Commit: "0123456789ab", Modified: true}))
	require.Empty(t, commit(build.Info{}))
}

// deployment is a fake of a worker deployment.
type deployment struct {
	client.WorkerDeploymentHandle
	routing client.WorkerDeploymentRoutingConfig
	problem error
}

func (d *deployment) Describe(context.Context, client.WorkerDeploymentDescribeOptions) (client.WorkerDeploymentDescribeResponse, error) {
	return client.WorkerDeploymentDescribeResponse{Info: client.WorkerDeploymentInfo{RoutingConfig: d.routing}}, d.problem
}

func TestCurrentBuildIsLogged(t *testing.T) {
	version := func(buildID string) *worker.WorkerDeploymentVersion {
		return &worker.WorkerDeploymentVersion{DeploymentName: "callthread", BuildID: buildID}
	}
	const command = `command="temporal worker deployment set-current-version --namespace support --deployment-name callthread --build-id mine"`
	for name, c := range map[string]struct {
		temporal deployment
		level    slog.Level
		says     string
		command  bool
	}{
		"first of all":       {deployment{problem: serviceerror.NewNotFound("no such deployment")}, slog.LevelWarn, "until it is made current; workers without a version take them", true},
		"none was chosen":    {deployment{}, slog.LevelWarn, "until it is made current; workers without a version take them", true},
		"current":            {deployment{routing: client.WorkerDeploymentRoutingConfig{CurrentVersion: version("mine")}}, slog.LevelInfo, "this build is current", false},
		"another is current": {deployment{routing: client.WorkerDeploymentRoutingConfig{CurrentVersion: version("other")}}, slog.LevelWarn, "until it is made current; build other takes them", true},
		"another is tried":   {deployment{routing: client.WorkerDeploymentRoutingConfig{RampingVersion: version("other"), RampingVersionPercentage: 5}}, slog.LevelWarn, "until it is made current", true},
		"tried":              {deployment{routing: client.WorkerDeploymentRoutingConfig{CurrentVersion: version("other"), RampingVersion: version("mine"), RampingVersionPercentage: 5}}, slog.LevelInfo, "this build takes 5 % of new calls", false},
		"unknown":            {deployment{problem: errors.New("not allowed")}, slog.LevelWarn, `it is unknown which build gets new calls" deployment=callthread build=mine problem="not allowed"`, false},
	} {
		t.Run(name, func(t *testing.T) {
			var logs bytes.Buffer
			(&Version{Deployment: "callthread", BuildID: "mine"}).announce(t.Context(), &c.temporal, "support", slog.New(slog.NewTextHandler(&logs, nil)))
			require.Equal(t, 1, strings.Count(logs.String(), "\n"), logs.String())
			require.Contains(t, logs.String(), "level="+c.level.String())
			require.Contains(t, logs.String(), c.says)
			require.Equal(t, c.command, strings.Contains(logs.String(), command), logs.String())
		})
	}
}
