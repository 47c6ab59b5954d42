// Package rollout checks that calls in progress survive a change of the workflow. Builds run side
// by side, and each call stays on a build that fits it.
package rollout

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/interceptor"
	"go.temporal.io/sdk/workflow"

	"github.com/callthread/callthread/call"
	"github.com/callthread/callthread/kustomer/sandbox"
	"github.com/callthread/callthread/testsuite/stage"
	"github.com/callthread/callthread/workflows"
)

// The new build's workflow fits no call in progress, and it is rolled out while a call rings.
func TestCallsStayOnTheirBuild(t *testing.T) {
	t.Parallel()
	r := prepareRollout(t)
	stopOne := r.serve(t, r.Temporal, "one")
	r.makeCurrent(t, "one")
	require.Equal(t, "one", r.ring(t, "waits"))

	r.serve(t, r.Connect(t, ""), "two", new(changed))
	require.Equal(t, "one", r.ring(t, "not yet"), "the next build is not current")
	r.ramp(t, "two")
	require.Equal(t, "two", r.ring(t, "ramped"))
	r.makeCurrent(t, "two")
	require.Equal(t, "two", r.ring(t, "new"))

	for _, key := range []string{"waits", "not yet", "ramped", "new", "bridged first"} {
		r.Accepts(t, "call-bridged", stage.Bridged(key))
		r.Accepts(t, "call-finished", stage.Finished(key))
	}
	for key, build := range map[string]string{"waits": "one", "not yet": "one", "ramped": "two", "new": "two", "bridged first": "two"} {
		require.Equal(t, call.Answered, r.Result(t, key).Outcome)
		require.Len(t, stage.Notes(t, r.OnlyConversation(t, key)), 2)
		require.Equal(t, build, r.buildOf(t, key))
		r.requireNoTaskFailed(t, key)
	}
	r.awaitDrained(t, "one")
	stopOne()
	require.Equal(t, "two", r.ring(t, "after"))
}

// This is the control of the test above: the same change without versions stops the call.
func TestWithoutVersionsAChangeStopsACall(t *testing.T) {
	t.Parallel()
	r := prepareRollout(t)
	stop := r.serve(t, r.Temporal, "")
	require.Empty(t, r.ring(t, t.Name()))
	stop()
	stop = r.serve(t, r.Connect(t, ""), "", new(changed))
	r.Accepts(t, "call-bridged", stage.Bridged(t.Name()))
	r.AwaitFailedTask(t, t.Name())
	stop()
	require.Empty(t, r.OnlyConversation(t, t.Name()).AssignedUsers)
}

// When workers get a version for the first time, they take over the calls in progress, as when
// workers without a version are replaced.
func TestFirstBuildTakesOverUnversionedCalls(t *testing.T) {
	t.Parallel()
	r := prepareRollout(t)
	stop := r.serve(t, r.Temporal, "")
	require.Empty(t, r.ring(t, t.Name()))
	r.serve(t, r.Connect(t, ""), "one")
	require.Empty(t, r.ring(t, t.Name()+"-not-yet"), "the first build is not current")
	r.makeCurrent(t, "one")
	stop()
	r.Accepts(t, "call-bridged", stage.Bridged(t.Name()))
	r.Accepts(t, "call-finished", stage.Finished(t.Name()))
	require.Equal(t, call.Answered, r.Result(t, t.Name()).Outcome)
	require.Equal(t, "one", r.buildOf(t, t.Name()))
	r.requireNoTaskFailed(t, t.Name())
}

// A parked call may wait for days, and its build may be old by then. It continues on a build that
// fits it, and from its beginning on a build that does not.
func TestParkedCallIsMovedToAnotherBuild(t *testing.T) {
	t.Parallel()
	r := prepareRollout(t)
	stopOne := r.serve(t, r.Temporal, "one")
	r.makeCurrent(t, "one")
	fits, begins := t.Name()+"-fits", t.Name()+"-begins-again"
	for _, key := range []string{fits, begins} {
		r.Sandbox.Inject(sandbox.Fault{Method: "POST", Route: "/v1/conversations", Kind: sandbox.FaultStatus, Status: 400, Times: 2}) // the full request and the reduced one
		r.Accepts(t, "call-inbound", stage.Inbound(key))
		r.AwaitParked(t, key)
		r.Accepts(t, "call-finished", stage.Abandoned(key))
	}
	stopOne()

	r.serve(t, r.Connect(t, ""), "the same workflow")
	r.makeCurrent(t, "the same workflow")
	r.temporalCLI(t, "workflow", "update-options", "--workflow-id", workflows.WorkflowID(fits), "--versioning-override-behavior", "auto_upgrade")
	r.Decide(t, fits, workflows.UpdateRetry)
	require.Equal(t, call.AbandonedInFlow, r.Result(t, fits).Outcome)
	require.Equal(t, "the same workflow", r.buildOf(t, fits))
	r.requireNoTaskFailed(t, fits)

	r.serve(t, r.Connect(t, ""), "another workflow", new(changed))
	r.makeCurrent(t, "another workflow")
	r.temporalCLI(t, "workflow", "reset", "with-workflow-update-options", "--workflow-id", workflows.WorkflowID(begins),
		"--type", "FirstWorkflowTask", "--reason", "does not fit", "--versioning-override-behavior", "auto_upgrade")
	require.Equal(t, call.AbandonedInFlow, r.Result(t, begins).Outcome)
	require.Equal(t, "another workflow", r.buildOf(t, begins))
	r.OnlyConversation(t, begins)
}

// Here the receiver and the worker are one process, and the build still takes no call.
func TestBuildThatIsNotCurrentTakesNoCalls(t *testing.T) {
	t.Parallel()
	r := prepareRollout(t)
	r.serve(t, r.Temporal, "one")
	r.makeCurrent(t, "one")
	logged := r.run(t, stage.Programs(t).Receiver[0], "two")
	line := logged("this build takes no new calls until it is made current; build one takes them")
	require.Equal(t, "WARN", line["level"])
	before, after := t.Name()+"-before", t.Name()+"-after"
	require.Equal(t, "one", r.ring(t, before))

	command := strings.Fields(line["command"])
	require.Equal(t, "temporal", command[0])
	r.untilPolled(t, append(command[1:], "--yes")...)
	require.Equal(t, "two", r.ring(t, after))
	for _, key := range []string{before, after} {
		r.Accepts(t, "call-finished", stage.Abandoned(key))
		require.Equal(t, call.AbandonedInFlow, r.Result(t, key).Outcome)
	}
}

// changed is a build whose workflow begins with an additional step, so that it fits no call in
// progress.
type changed struct {
	interceptor.WorkerInterceptorBase
}

func (*changed) InterceptWorkflow(_ workflow.Context, next interceptor.WorkflowInboundInterceptor) interceptor.WorkflowInboundInterceptor {
	return &changedWorkflow{interceptor.WorkflowInboundInterceptorBase{Next: next}}
}

type changedWorkflow struct {
	interceptor.WorkflowInboundInterceptorBase
}

func (w *changedWorkflow) ExecuteWorkflow(ctx workflow.Context, in *interceptor.ExecuteWorkflowInput) (any, error) {
	if err := workflow.Sleep(ctx, time.Millisecond); err != nil {
		return nil, err
	}
	return w.Next.ExecuteWorkflow(ctx, in)
}
