package testsuite

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/interceptor"
	"go.temporal.io/sdk/workflow"

	"github.com/callthread/callthread/call"
	"github.com/callthread/callthread/kustomer/sandbox"
	"github.com/callthread/callthread/workflows"
)

// A workflow is changed so that it fits no call under way, and rolled out while a phone rings.
func TestCallEndsOnTheBuildItBeganWithWhileNewCallsGoToTheNext(t *testing.T) {
	setStageThatDrains(t)
	r := prepareRollout(t)
	stopOne := r.serve(t, stage.Temporal, "one")
	r.awaitCurrent(t, "one") // by itself, as the first
	require.Equal(t, "one", r.ring(t, "waits"))

	r.serve(t, connect(t, ""), "two", new(changed))
	require.Equal(t, "one", r.ring(t, "not yet"), "nobody has made the next one current")
	r.ramp(t, "two")
	require.Equal(t, "two", r.ring(t, "ramped"))
	r.makeCurrent(t, "two")
	require.Equal(t, "two", r.ring(t, "new"))

	for _, key := range []string{"waits", "not yet", "ramped", "new", "bridged first"} {
		accepts(t, "call-bridged", bridged(key))
		accepts(t, "call-finished", finished(key))
	}
	for key, build := range map[string]string{"waits": "one", "not yet": "one", "ramped": "two", "new": "two", "bridged first": "two"} {
		require.Equal(t, call.Answered, result(t, key).Outcome)
		require.Len(t, notes(t, onlyConversation(t, key)), 2)
		require.Equal(t, build, buildOf(t, key))
		requireNoTaskFailed(t, key)
	}
	r.awaitDrained(t, "one")
	stopOne()
	require.Equal(t, "two", r.ring(t, "after"))
}

// What the test above would be without versions: the same change, and a call that does not go on.
func TestWithoutVersionsTheSameChangeStopsACallUnderWay(t *testing.T) {
	r := prepareRollout(t)
	stop := r.serve(t, stage.Temporal, "")
	require.Empty(t, r.ring(t, t.Name()))
	stop()
	stop = r.serve(t, connect(t, ""), "", new(changed))
	accepts(t, "call-bridged", bridged(t.Name()))
	awaitFailedTask(t, t.Name())
	stop()
	require.Empty(t, onlyConversation(t, t.Name()).AssignedUsers)
}

// Workers get a version for the first time: the calls under way go to them, as they do when
// workers without one are replaced.
func TestFirstBuildOfADeploymentTakesOverCallsThatBeganWithoutOne(t *testing.T) {
	r := prepareRollout(t)
	stop := r.serve(t, stage.Temporal, "")
	require.Empty(t, r.ring(t, t.Name()))
	stop()
	r.serve(t, connect(t, ""), "one")
	r.awaitCurrent(t, "one")
	accepts(t, "call-bridged", bridged(t.Name()))
	accepts(t, "call-finished", finished(t.Name()))
	require.Equal(t, call.Answered, result(t, t.Name()).Outcome)
	require.Equal(t, "one", buildOf(t, t.Name()))
	requireNoTaskFailed(t, t.Name())
}

// A parked call may wait for days, and by then its build is old. It goes on under
// a build that fits it, and from its beginning under one that does not.
func TestParkedCallIsMovedToAnotherBuild(t *testing.T) {
	r := prepareRollout(t)
	stopOne := r.serve(t, stage.Temporal, "one")
	r.awaitCurrent(t, "one")
	fits, begins := t.Name()+"-fits", t.Name()+"-begins-anew"
	for _, key := range []string{fits, begins} {
		stage.Sandbox.Inject(sandbox.Fault{Method: "POST", Route: "/v1/conversations", Kind: sandbox.FaultStatus, Status: 400, Times: 2}) // whole, and bare
		accepts(t, "call-inbound", inbound(key))
		awaitParked(t, key)
		accepts(t, "call-finished", abandoned(key))
	}
	stopOne()

	r.serve(t, connect(t, ""), "the same workflow")
	r.makeCurrent(t, "the same workflow")
	temporal(t, "workflow", "update-options", "--workflow-id", workflows.WorkflowID(fits), "--versioning-override-behavior", "auto_upgrade")
	decide(t, fits, workflows.UpdateRetry)
	require.Equal(t, call.AbandonedInFlow, result(t, fits).Outcome)
	require.Equal(t, "the same workflow", buildOf(t, fits))
	requireNoTaskFailed(t, fits)

	r.serve(t, connect(t, ""), "another workflow", new(changed))
	r.makeCurrent(t, "another workflow")
	temporal(t, "workflow", "reset", "with-workflow-update-options", "--workflow-id", workflows.WorkflowID(begins),
		"--type", "FirstWorkflowTask", "--reason", "does not fit", "--versioning-override-behavior", "auto_upgrade")
	require.Equal(t, call.AbandonedInFlow, result(t, begins).Outcome)
	require.Equal(t, "another workflow", buildOf(t, begins))
	onlyConversation(t, begins)
}

// Nor does one that receives the call itself: receiver and worker are one process here.
func TestBuildThatIsNotCurrentTakesNoCallsAndSaysWhatToDo(t *testing.T) {
	r := prepareRollout(t)
	r.serve(t, stage.Temporal, "one")
	r.awaitCurrent(t, "one")
	logged := r.run(t, builtPrograms(t).Receiver[0], "two")
	line := logged("no call comes to this build until it is made current; new calls go to build one")
	require.Equal(t, "WARN", line["level"])
	before, after := t.Name()+"-before", t.Name()+"-after"
	require.Equal(t, "one", r.ring(t, before))

	command := strings.Fields(line["command"])
	require.Equal(t, "temporal", command[0])
	temporal(t, append(command[1:], "--yes")...)
	require.Equal(t, "two", r.ring(t, after))
	for _, key := range []string{before, after} {
		accepts(t, "call-finished", abandoned(key))
		require.Equal(t, call.AbandonedInFlow, result(t, key).Outcome)
	}
}

// changed makes a build whose workflow takes another step first, which no call
// that is under way has taken.
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
