package testsuite

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/callthread/callthread/internal/codec"
	"github.com/callthread/callthread/internal/demo"
	"github.com/callthread/callthread/testsuite/stage"
	"github.com/callthread/callthread/workflows"
)

// servedWith is a file with two brands, each with its own number.
const servedWith = `# of the test that compares two files
automations:
  - { event: call.inbound, action: kustomer.conversation.create, options: { name: "Call from {call.from}" } }
  - { event: call.inbound, trigger: { conditions: [{ expression: call.to, operator: EQ, expectation: "+493023125001" }] },
      action: kustomer.conversation.update, options: { tags: { add: [brand_a] } } }
  - { event: call.inbound, trigger: { conditions: [{ expression: call.to, operator: EQ, expectation: "+493023125002" }] },
      action: kustomer.conversation.update, options: { tags: { add: [brand_c] } } }
  - { event: call.bridged, action: kustomer.conversation.update, options: { assignedUsers: ["{agent.sourceId}"], note: "With {agent.name}" } }
  - { event: call.finished, action: kustomer.conversation.update, options: { note: "Over: {call.outcome}" } }
`

// A change of the file must show on exactly the calls that it concerns: completed and terminated
// calls, with either kind of step, and all of them encrypted.
func TestNewFileIsComparedOnServedCalls(t *testing.T) {
	t.Parallel()
	stage.NeedsTemporal(t)
	key, err := codec.NewKey("test")
	require.NoError(t, err)
	s := stage.Set(t, func(options *demo.StageOptions) { options.Automations, options.Keys = []byte(servedWith), key })
	serveCallsOfBothBrands(t, s)

	file := strings.Replace(servedWith, "brand_a", "brand_b", 1) +
		"  - { event: call.finished, trigger: { conditions: [{ expression: call.outcome, operator: EQ, expectation: abandoned }] },\n" +
		"      action: kustomer.conversation.update, options: { note: \"Call {call.from} back\" } }\n"
	folder := t.TempDir()
	was, is := filepath.Join(folder, "old.yaml"), filepath.Join(folder, "new.yaml")
	require.NoError(t, os.WriteFile(was, []byte(servedWith), 0o600))
	require.NoError(t, os.WriteFile(is, []byte(file), 0o600))
	check := []string{"check", "--automations", is, "--against", was, "--calls", "--since", "1h"}

	var printed string
	require.Eventually(t, func() bool { // the workflow list is eventually consistent
		printed, _, _ = s.OperateAs(t, key, append(check, "--json")...)
		return strings.Contains(printed, `"compared": 4`)
	}, stage.WaitLimit, 100*time.Millisecond)
	require.JSONEq(t, `[
		{ "what": "tag \"brand_b\" instead of \"brand_a\"", "calls": [{"callId": "ended by hand"}, {"callId": "given up"}, {"callId": "answered"}] },
		{ "what": "another note of call.finished", "calls": [{"callId": "given up"}] }
	]`, string(groups(t, printed)))
	require.Contains(t, printed, `"same": 1`)
	require.Contains(t, printed, `"underWay": 1`)
	require.NotContains(t, printed, "23125042", "numbers are shown only if they are to be revealed")

	revealed, _, err := s.OperateAs(t, key, append(check, "--reveal")...)
	require.NoError(t, err)
	require.Contains(t, revealed, `"Over: abandoned_in_flow\nCall +493023125042 back" instead of "Over: abandoned_in_flow"`)
	require.Contains(t, revealed, "not compared: 1 call, not over yet\n")

	_, complaint, err := s.OperateAs(t, key, "check", "--automations", was, "--against", is, "--calls")
	require.Error(t, err)
	require.Contains(t, complaint, "no call since 24h was opened with "+is+": give --against the file as it was then, version ")
}

func serveCallsOfBothBrands(t *testing.T, s *stage.Stage) {
	t.Helper()
	another := func(body string) string { return strings.ReplaceAll(body, "+493023125001", "+493023125002") }
	for _, report := range [][2]string{
		{"call-inbound", stage.Inbound("answered")}, {"call-bridged", stage.Bridged("answered")}, {"call-finished", stage.Finished("answered")},
		{"call-inbound", another(stage.Inbound("of another brand"))}, {"call-finished", another(stage.Finished("of another brand"))},
		{"call-inbound", stage.Inbound("given up")}, {"call-finished", stage.Abandoned("given up")},
		{"call-inbound?wait=conversation", stage.Inbound("ended by hand")}, {"call-inbound", stage.Inbound("still rings")},
	} {
		_, answer := s.Post(t, report[0], report[1])
		require.Contains(t, answer, "workflowId")
	}
	for _, key := range []string{"answered", "of another brand", "given up"} {
		s.Result(t, key)
	}
	require.NoError(t, s.Temporal.TerminateWorkflow(t.Context(), workflows.WorkflowID("ended by hand"), "", "a test"))
}

func groups(t *testing.T, printed string) []byte {
	t.Helper()
	var result struct {
		Calls struct{ Groups json.RawMessage } `json:"calls"`
	}
	require.NoError(t, json.Unmarshal([]byte(printed), &result))
	return result.Calls.Groups
}
