package faults

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/callthread/callthread/automation"
	"github.com/callthread/callthread/call"
	"github.com/callthread/callthread/internal/demo"
	"github.com/callthread/callthread/kustomer"
	"github.com/callthread/callthread/kustomer/sandbox"
	"github.com/callthread/callthread/testsuite/stage"
	"github.com/callthread/callthread/workflows"
)

const (
	earlierCalls = 20 // of one caller, all finished
	backlog      = 40 // more of that caller's calls, which ring while Kustomer is down
	others       = 5  // calls of other callers, which ring last
	// outage is the number of failed attempts before Kustomer answers again, after about ten
	// seconds.
	outage = 5
)

// Many calls of one caller that were delayed by an outage must neither use up the request budget
// with look-ups of conversations to join, nor delay the calls of others.
func TestOneCallersBacklogDoesNotDelayOthers(t *testing.T) {
	t.Parallel()
	s := stage.Set(t, func(o *demo.StageOptions) {
		o.Automations = slices.Concat([]byte("callers: { returning: { policy: append } }\n"), automation.DefaultFile)
		o.Limits = call.Limits{Settle: time.Millisecond}
		o.Budget = 800
	})
	for n := range earlierCalls {
		key := fmt.Sprint("earlier-", n)
		s.Accepts(t, "call-inbound", stage.Inbound(key))
		id := s.AwaitConversation(t, key)
		_, err := s.Kustomer.UpdateConversation(t.Context(), id, kustomer.ConversationUpdate{Status: "done"})
		require.NoError(t, err)
		s.Accepts(t, "call-finished", stage.Abandoned(key))
	}

	s.Sandbox.Inject(sandbox.Fault{Kind: sandbox.FaultStatus, Status: http.StatusServiceUnavailable, Times: 1_000_000})
	var held, free []string
	for n := range backlog {
		held = append(held, fmt.Sprint("backlog-", n))
		s.Accepts(t, "call-inbound", stage.Inbound(held[n]))
	}
	for n := range others {
		free = append(free, fmt.Sprint("other-", n))
		s.Accepts(t, "call-inbound", strings.Replace(stage.Inbound(free[n]), "+493023125", fmt.Sprint("+4930231", n+60), 1))
	}
	for _, key := range free {
		awaitAttempts(t, s, key, outage)
	}
	before := s.Sandbox.State().RequestTotal
	s.Sandbox.ClearFaults()

	opened := func(keys []string) (n int) {
		for _, key := range keys {
			n += len(s.Conversations(key))
		}
		return n
	}
	require.Eventually(t, func() bool { return opened(free) == others }, stage.WaitLimit, 20*time.Millisecond)
	require.Less(t, opened(held), backlog, "the others did not wait for all of the backlog")
	require.Eventually(t, func() bool { return opened(held) == backlog }, stage.WaitLimit, 50*time.Millisecond)
	// On a busy machine some requests time out and are sent again. A look at each earlier call would be 20 for every call.
	require.Less(t, s.Sandbox.State().RequestTotal-before, 15*(backlog+others), "requests")
}

// awaitAttempts waits until a call's step has made that many attempts.
func awaitAttempts(t *testing.T, s *stage.Stage, key string, times int32) {
	t.Helper()
	require.Eventually(t, func() bool {
		described, err := s.Temporal.DescribeWorkflowExecution(t.Context(), workflows.WorkflowID(key), "")
		pending := described.GetPendingActivities()
		return err == nil && len(pending) > 0 && pending[0].GetAttempt() >= times
	}, stage.WaitLimit, 100*time.Millisecond)
}
