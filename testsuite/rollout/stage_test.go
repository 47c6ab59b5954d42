package rollout

import (
	"context"
	"encoding/json"
	"log/slog"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.temporal.io/api/enums/v1"
	workflowpb "go.temporal.io/api/workflow/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/interceptor"

	"github.com/callthread/callthread/babelforce"
	"github.com/callthread/callthread/call"
	"github.com/callthread/callthread/internal/app"
	"github.com/callthread/callthread/internal/child"
	"github.com/callthread/callthread/internal/demo"
	"github.com/callthread/callthread/reconcile"
	"github.com/callthread/callthread/starter/webhook"
	"github.com/callthread/callthread/testsuite/stage"
	"github.com/callthread/callthread/workflows"
)

// Temporal checks every second which builds calls need. By default it takes two periods of three
// minutes.
func TestMain(m *testing.M) {
	os.Exit(stage.Run(m,
		`matching.wv.VersionDrainageStatusVisibilityGracePeriod="1s"`,
		`matching.wv.VersionDrainageStatusRefreshInterval="1s"`,
	))
}

// rollout is a receiver and its workers besides the stage's. They have their own task
// queue, and one build after the other polls it.
type rollout struct {
	*stage.Stage
	queue string
}

// prepareRollout directs webhooks to the rollout's task queue.
func prepareRollout(t *testing.T) *rollout {
	t.Helper()
	r := &rollout{stage.Set(t), t.Name()}
	verifier, err := babelforce.NewVerifier([]string{demo.Secret})
	require.NoError(t, err)
	receiver := httptest.NewServer(webhook.New(webhook.Config{
		Temporal: r.Temporal, TaskQueue: r.queue, Verifier: verifier, Log: slog.New(slog.DiscardHandler),
		Limits: call.Limits{Settle: 500 * time.Millisecond}, Outgoing: func() bool { return false },
	}))
	t.Cleanup(receiver.Close)
	r.Stage = r.ReceiveAt(receiver.URL)
	return r
}

// serve starts a worker of the rollout as the product does, until it is stopped or the test ends. A
// build id makes it a version of the deployment, which is named after the task queue.
func (r *rollout) serve(t *testing.T, c client.Client, buildID string, changes ...interceptor.WorkerInterceptor) (stop func()) {
	t.Helper()
	keyFile := filepath.Join(t.TempDir(), "key")
	require.NoError(t, os.WriteFile(keyFile, []byte(stage.SandboxKey), 0o600))
	w := app.Worker{
		Temporal: &app.Temporal{TaskQueue: r.queue},
		Kustomer: app.Kustomer{URL: r.KustomerURL, APIKeyFile: keyFile, Budget: 10_000},
	}
	if buildID != "" {
		w.Version = app.Version{Deployment: r.queue, BuildID: buildID}
	}
	served, err := w.New(c, nil, reconcile.Observer{}, changes...)
	require.NoError(t, err)
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- w.Run(ctx, c, served, slog.New(slog.DiscardHandler)) }()
	stop = func() {
		cancel()
		if ended != nil {
			require.NoError(t, <-ended)
			ended = nil
		}
	}
	t.Cleanup(stop)
	if buildID != "" {
		require.Eventually(t, func() bool { return r.knows(t, buildID) }, stage.WaitLimit, 50*time.Millisecond)
	}
	return stop
}

// run starts a build of the rollout as one program with receiver and worker, and directs webhooks
// to it. The result searches the program's log.
func (r *rollout) run(t *testing.T, starter, buildID string) (logged func(message string) (line map[string]string)) {
	t.Helper()
	program := exec.Command(starter, "serve", "--with-worker", "--task-queue", r.queue, "--deployment-name", r.queue, "--build-id", buildID,
		"--listen", "127.0.0.1:0", "--metrics-listen", "", "--settle", "500ms", "--log-format", "json")
	program.Env = append(program.Environ(), "TEMPORAL_ADDRESS="+r.TemporalAddress, "KUSTOMER_URL="+r.KustomerURL,
		"KUSTOMER_API_KEY="+stage.SandboxKey, "CALLTHREAD_WEBHOOK_SECRET="+demo.Secret)
	running, err := child.Start(program)
	require.NoError(t, err)
	t.Cleanup(func() { running.Stop(stage.WaitLimit) })
	logged = func(message string) (line map[string]string) {
		t.Helper()
		require.Eventually(t, func() bool {
			for text := range strings.Lines(running.Output()) {
				line = nil
				_ = json.Unmarshal([]byte(text), &line)
				if strings.Contains(line["msg"], message) {
					return true
				}
			}
			return false
		}, stage.WaitLimit, 20*time.Millisecond, message)
		return line
	}
	r.Stage = r.ReceiveAt("http://" + logged("listening")["address"])
	return logged
}

func (r *rollout) deployment() client.WorkerDeploymentHandle {
	return r.Temporal.WorkerDeploymentClient().GetHandle(r.queue)
}

// knows reports whether Temporal has seen a worker of a build.
func (r *rollout) knows(t *testing.T, buildID string) bool {
	described, err := r.deployment().Describe(t.Context(), client.WorkerDeploymentDescribeOptions{})
	return err == nil && slices.ContainsFunc(described.Info.VersionSummaries, func(v client.WorkerDeploymentVersionSummary) bool { return v.Version.BuildID == buildID })
}

// makeCurrent directs new calls to a build, as operators do. Temporal refuses it until the build's
// worker has polled for workflows and for activities.
func (r *rollout) makeCurrent(t *testing.T, buildID string) {
	t.Helper()
	r.route(t, "set-current-version", "--build-id", buildID)
}

// ramp directs all new calls to a build that is not current yet.
func (r *rollout) ramp(t *testing.T, buildID string) {
	t.Helper()
	r.route(t, "set-ramping-version", "--build-id", buildID, "--percentage", "100")
}

func (r *rollout) route(t *testing.T, args ...string) {
	t.Helper()
	args = append([]string{"worker", "deployment"}, append(args, "--deployment-name", r.queue, "--yes")...)
	r.untilPolled(t, args...)
}

// untilPolled repeats a command that routes calls to a build. Temporal refuses it until it knows all
// of the build's pollers.
func (r *rollout) untilPolled(t *testing.T, args ...string) {
	t.Helper()
	require.EventuallyWithT(t, func(c *assert.CollectT) {
		complaint, err := r.runTemporal(t, args...)
		require.NoError(c, err, complaint)
	}, stage.WaitLimit, 50*time.Millisecond)
}

// temporalCLI runs a command of Temporal's CLI on the stage, as operators do.
func (r *rollout) temporalCLI(t *testing.T, args ...string) {
	t.Helper()
	complaint, err := r.runTemporal(t, args...)
	require.NoError(t, err, complaint)
}

func (r *rollout) runTemporal(t *testing.T, args ...string) (output string, err error) {
	printed, err := exec.CommandContext(t.Context(), stage.TemporalCLI(t), append(args, "--address", r.TemporalAddress)...).CombinedOutput()
	return string(printed), err
}

// awaitDrained waits until no call in progress needs a build.
func (r *rollout) awaitDrained(t *testing.T, buildID string) {
	t.Helper()
	require.Eventually(t, func() bool {
		version, err := r.deployment().DescribeVersion(t.Context(), client.WorkerDeploymentDescribeVersionOptions{BuildID: buildID})
		return err == nil && version.Info.DrainageInfo != nil && version.Info.DrainageInfo.DrainageStatus == client.WorkerDeploymentVersionDrainageStatusDrained
	}, stage.WaitLimit, 100*time.Millisecond)
}

// ring begins a call, waits for its conversation, and returns the build of its workflow.
func (r *rollout) ring(t *testing.T, key string) (buildID string) {
	t.Helper()
	r.Accepts(t, "call-inbound", stage.Inbound(key))
	r.AwaitTaken(t, key)
	return r.buildOf(t, key)
}

// buildOf returns the build of a call's workflow.
func (r *rollout) buildOf(t *testing.T, key string) string {
	t.Helper()
	return r.versioning(t, key).GetDeploymentVersion().GetBuildId()
}

func (r *rollout) versioning(t *testing.T, key string) *workflowpb.WorkflowExecutionVersioningInfo {
	t.Helper()
	described, err := r.Temporal.DescribeWorkflowExecution(t.Context(), workflows.WorkflowID(key), "")
	require.NoError(t, err)
	return described.GetWorkflowExecutionInfo().GetVersioningInfo()
}

// requireNoTaskFailed requires that no workflow task of a call has failed.
func (r *rollout) requireNoTaskFailed(t *testing.T, key string) {
	t.Helper()
	for _, event := range r.History(t, key).Events {
		require.NotEqual(t, enums.EVENT_TYPE_WORKFLOW_TASK_FAILED, event.EventType, event)
	}
}
