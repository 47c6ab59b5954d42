package privacy

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/client"

	"github.com/callthread/callthread/call"
	"github.com/callthread/callthread/testsuite/personal"
	"github.com/callthread/callthread/testsuite/stage"
	"github.com/callthread/callthread/workflows"
)

// What operators do by hand in Temporal must not prevent a caller from being forgotten.
func TestCallerIsForgottenAlthoughAnotherCallCannotBeRead(t *testing.T) {
	t.Parallel()
	s := stage.Set(t)
	caller := personal.Call{Key: "before-an-odd-one", Number: personal.Callers + "80"}
	s.Accepts(t, "call-inbound", caller.Inbound())
	s.Accepts(t, "call-finished", caller.Leg(`,"duration":20,"finishReason":"hangup"`)+"}")
	s.Result(t, caller.Key)

	odd := personal.Call{Key: "odd", Number: personal.Callers + "81"}
	s.Accepts(t, "call-inbound", odd.Inbound())
	s.AwaitConversation(t, odd.Key)
	require.NoError(t, s.Temporal.SignalWorkflow(t.Context(), workflows.WorkflowID(odd.Key), "", string(call.Inbound), "x"))
	startByHand(t, s, "without-input", "CallWorkflow")
	startByHand(t, s, "no-call", "Nightly", caller)

	var printed, complaint string
	finds := func() bool { // the workflow list is eventually consistent
		var err error
		printed, complaint, err = s.OperateAs(t, "", "find", "--phone", "+"+caller.Number)
		return err != nil && strings.Contains(printed, "\nbefore-an-odd-one ") && strings.Contains(complaint, "odd (run ")
	}
	require.Eventually(t, finds, stage.WaitLimit, 50*time.Millisecond)
	require.NotContains(t, printed, "no-call")
	require.Regexp(t, `these calls cannot be read and may belong to the number too: odd \(run [-0-9a-f]+\): event \d+ of its history is not an event of a call\.`, complaint)

	printed, complaint, err := s.OperateAs(t, "", "forget", "--phone", "+"+caller.Number, "--yes")
	require.Error(t, err, "not everything could be read")
	require.Contains(t, complaint, "not everything was forgotten")
	require.Regexp(t, `(?m)^before-an-odd-one .* yes$`, printed)
	require.Contains(t, printed, "these calls cannot be read and may belong to the number too: odd (run ")

	s.Accepts(t, "call-finished", odd.Leg(`,"duration":20,"finishReason":"hangup"`)+"}")
	require.NotEmpty(t, s.Result(t, odd.Key).Outcome, "the call itself goes on")
}

// startByHand starts a workflow as an operator might to try something out.
func startByHand(t *testing.T, s *stage.Stage, key string, workflow string, args ...any) {
	t.Helper()
	_, err := s.Temporal.ExecuteWorkflow(t.Context(), client.StartWorkflowOptions{
		ID: workflows.WorkflowID(key), TaskQueue: "nobody's", WorkflowIDConflictPolicy: enums.WORKFLOW_ID_CONFLICT_POLICY_FAIL,
	}, workflow, args...)
	require.NoError(t, err)
}
