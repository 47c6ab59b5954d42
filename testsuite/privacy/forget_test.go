package privacy

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	enumspb "go.temporal.io/api/enums/v1"

	"github.com/callthread/callthread/testsuite/personal"
	"github.com/callthread/callthread/testsuite/stage"
	"github.com/callthread/callthread/workflows"
)

// The callers of two calls from [playPersonalCalls]. The first call has its conversation. An
// operator skipped the second call's.
const (
	retried, retriesNumber = "parked-retry", "030 23125700"
	skipped, skipsNumber   = "parked-skip", "0049 30 23125702"
)

// requireForgotten finds callers by their numbers in every notation and forgets them: only their
// calls, only calls that are over, and without printing names.
func requireForgotten(t *testing.T, s *stage.Stage, key string) {
	t.Helper()
	operator := func(args ...string) (printed, complaint string, err error) {
		printed, complaint, err = s.OperateAs(t, key, append(args, "--country", "DE")...)
		require.Empty(t, personal.Legible([]byte(printed+complaint)), args)
		return printed, complaint, err
	}
	for call, number := range map[string]string{retried: retriesNumber, skipped: skipsNumber} {
		printed, complaint, err := operator("find", "--phone", number)
		require.NoError(t, err, complaint)
		require.Regexp(t, `(?m)\A.*\n`+call+` .*\n\z`, printed, "this call and no other")

		_, complaint, err = operator("forget", "--phone", number)
		require.Error(t, err)
		require.Contains(t, complaint, "nothing was deleted")
		isRemembered(t, s, call)

		printed, complaint, err = operator("forget", "--phone", number, "--yes", "--json")
		require.NoError(t, err, complaint)
		var receipt struct {
			CallerHashes []string
			Calls        []struct {
				CallID    string
				Forgotten bool
			}
			Elsewhere []string
		}
		require.NoError(t, json.Unmarshal([]byte(printed), &receipt))
		require.Len(t, receipt.Calls, 1)
		require.Equal(t, call, receipt.Calls[0].CallID)
		require.True(t, receipt.Calls[0].Forgotten)
		require.Equal(t, key != "", len(receipt.CallerHashes) == 1)
		require.NotEmpty(t, receipt.Elsewhere)

		requireOnlyAnEmptyRun(t, s, call)
		s.Accepts(t, "call-inbound", stage.Inbound(call))
		requireOnlyAnEmptyRun(t, s, call) // a repeated webhook does not restore the caller
		printed, complaint, err = operator("forget", "--phone", number, "--yes")
		require.NoError(t, err, complaint)
		require.Contains(t, printed, "Temporal holds no call of this number.", "it can be done again")
	}
	isRemembered(t, s, "parked-amend")
	requireKeptWhileUnderWay(t, s, operator)
	requireNothingKeptSecretly(t, s, key)
}

// requireOnlyAnEmptyRun checks what is left under a call's workflow id.
func requireOnlyAnEmptyRun(t *testing.T, s *stage.Stage, call string) {
	t.Helper()
	left, err := s.Temporal.DescribeWorkflowExecution(t.Context(), workflows.WorkflowID(call), "")
	require.NoError(t, err)
	require.Equal(t, workflows.ForgottenCall, left.GetWorkflowExecutionInfo().GetType().GetName())
	require.Equal(t, enumspb.WORKFLOW_EXECUTION_STATUS_TERMINATED, left.GetWorkflowExecutionInfo().GetStatus())
	require.Empty(t, left.GetWorkflowExecutionInfo().GetSearchAttributes().GetIndexedFields())
	history := s.Temporal.GetWorkflowHistory(t.Context(), workflows.WorkflowID(call), "", false, enumspb.HISTORY_EVENT_FILTER_TYPE_ALL_EVENT)
	for history.HasNext() {
		event, err := history.Next()
		require.NoError(t, err)
		require.Empty(t, event.GetWorkflowExecutionStartedEventAttributes().GetInput().GetPayloads())
		require.Nil(t, event.GetWorkflowExecutionSignaledEventAttributes())
	}
}

// requireKeptWhileUnderWay checks that a call in progress is not deleted.
func requireKeptWhileUnderWay(t *testing.T, s *stage.Stage, operator func(...string) (string, string, error)) {
	t.Helper()
	rings := personal.Call{Key: "rings", Number: personal.Callers + "77"}
	s.Accepts(t, "call-inbound", rings.Inbound())
	s.AwaitConversation(t, rings.Key)
	find := func() bool { // the workflow list is eventually consistent
		printed, _, err := operator("find", "--phone", "+"+rings.Number, "--json")
		return err == nil && printed != "[]\n"
	}
	require.Eventually(t, find, stage.WaitLimit, 50*time.Millisecond)
	printed, _, err := operator("forget", "--phone", "+"+rings.Number, "--yes")
	require.Error(t, err)
	require.Contains(t, printed, "no: it is under way")
	s.Accepts(t, "call-finished", rings.Finished())
	require.NotEmpty(t, s.Result(t, rings.Key).Outcome, "and it goes on to its end")
}

// requireNothingKeptSecretly checks that an operator without the key is warned that more data may
// exist.
func requireNothingKeptSecretly(t *testing.T, s *stage.Stage, key string) {
	t.Helper()
	if key == "" {
		return
	}
	s.Accepts(t, "call-finished", personal.Call{Key: "unknown", Number: personal.Callers + "78"}.Attempt()) // no conversation yet, so no hash
	require.Eventually(t, func() bool {                                                                     // the workflow list is eventually consistent
		printed, _, err := s.OperateAs(t, newKey(t, "another"), "forget", "--phone", "+"+personal.Callers+"78", "--yes")
		return err != nil && strings.Contains(printed, `could not be searched and may belong to the number too: one is encrypted with the key "test"`)
	}, stage.WaitLimit, 100*time.Millisecond)
}

func isRemembered(t *testing.T, s *stage.Stage, key string) {
	t.Helper()
	_, err := s.Temporal.DescribeWorkflowExecution(t.Context(), workflows.WorkflowID(key), "")
	require.NoError(t, err)
}
