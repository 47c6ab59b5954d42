package webui

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/callthread/callthread/kustomer/sandbox"
	"github.com/callthread/callthread/testsuite/stage"
)

// TestSandboxFillsWhileCallsRing takes the README's picture: the conversations of a few
// calls, one of them answered and over, the others still ringing or with an agent.
func TestSandboxFillsWhileCallsRing(t *testing.T) {
	t.Parallel()
	stage.NeedsTemporal(t)
	b := startBrowser(t)
	shown, err := start("")
	require.NoError(t, err)
	t.Cleanup(shown.Close)

	p := b.open(t, 1400, 700)
	p.visit(t, shown.KustomerURL)
	p.says(t, "No conversations yet")

	report := func(event, from, fields, buckets string) {
		body := fmt.Sprintf(`{"call":{"id":"call-%s","type":"inbound","source":"queue","domain":"external","from":"+49302312%[1]s","to":"+493023125001"%s}%s}`, from, fields, buckets)
		require.NoError(t, post(shown, event, body))
	}
	ring := func(from string) {
		report("call-inbound", from, "", "")
		p.says(t, "Call from +49302312"+from)
	}
	answer := func(from string, agent sandbox.User, queue string) {
		report("call-bridged", from, `,"duration":7`, fmt.Sprintf(`,"agent":{"id":"47%s","name":%q,"sourceId":%q},"queue":{"name":%q}`, from, agent.Name, agent.ID, queue))
		p.says(t, agent.Name)
	}
	for _, from := range []string{"5042", "5117", "5203"} {
		ring(from)
	}
	users := sandbox.DefaultUsers()
	answer("5042", users[0], "Support") // the first conversation stays selected
	report("call-finished", "5042", `,"duration":95,"finishReason":"passive-hangup"`, "")
	ring("5366")
	answer("5203", users[6], "Sales")
	p.says(t, "Call ended: answered.")
	ring("5481")
	p.says(t, "Answered by Amira Haddad.", "call_answered", "call_lost", "Unassigned")
	p.picture(t, "sandbox")
}
