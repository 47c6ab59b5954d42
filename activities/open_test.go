package activities

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/callthread/callthread/kustomer/sandbox"
)

// Kustomer has no idempotency key. After any ambiguous answer, the next attempt finds what
// the first one created.
func TestWhateverGoesWrongTheCallHasOneConversation(t *testing.T) {
	status := func(code int) sandbox.Fault { return sandbox.Fault{Kind: sandbox.FaultStatus, Status: code} }
	const clientTimeout = 500 * time.Millisecond
	faults := map[string]struct {
		sandbox.Fault
		timeout time.Duration
	}{
		"500":                              {status(500), 0},
		"503":                              {status(503), 0},
		"a conflict that nothing explains": {status(409), 0},
		"a page instead of an answer":      {sandbox.Fault{Kind: sandbox.FaultHTML}, 0},
		"a reset, and nothing done":        {sandbox.Fault{Kind: sandbox.FaultReset}, 0},
		"a reset after the work":           {sandbox.Fault{Kind: sandbox.FaultLoseAnswer}, 0},
		"503 after the work":               {sandbox.Fault{Kind: sandbox.FaultLoseAnswer5xx}, 0},
		"half an answer":                   {sandbox.Fault{Kind: sandbox.FaultTruncate}, 0},
		"a time-out, and nothing done":     {sandbox.Fault{Kind: sandbox.FaultTimeout}, clientTimeout},
		"a time-out after the work":        {sandbox.Fault{Kind: sandbox.FaultHoldAnswer}, clientTimeout},
	}
	routes := map[string][2]string{
		"create the conversation": {"POST", "/v1/conversations"},
		"create the customer":     {"POST", "/v1/customers"},
		"find the customer":       {"GET", "/v1/customers/phone={phone}"},
	}
	for name, fault := range faults {
		for step, route := range routes {
			t.Run(name+"/"+step, func(t *testing.T) {
				t.Parallel()
				for times := 1; times <= 2; times++ {
					synctest.Test(t, func(t *testing.T) {
						o := newOrg(t, func(o *org) { o.timeout = fault.timeout })
						f := fault.Fault
						f.Method, f.Route, f.Times = route[0], route[1], times
						o.Inject(f)
						p := o.rings(t, caller)
						opened, _, err := repeat(t, p.CreateConversation, p.next())
						require.NoError(t, err)
						require.Equal(t, o.conversation(t).ID, opened.Conversation.ID)
						require.Len(t, o.State().Customers, 1)
						require.Equal(t, []string{"babelforce", "inbound_call", "call_lost"}, o.conversation(t).Tags)
					})
				}
			})
		}
	}
}
