package automation_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/callthread/callthread/automation"
	"github.com/callthread/callthread/call"
)

func TestWantsReadsOnlyLastingValues(t *testing.T) {
	when := func(condition string) string {
		return "    trigger: { conditions: [{ expression: " + condition + " }] }\n"
	}
	brand := when(`call.to, operator: EQ, expectation: "+493023125001"`)
	vip := when(`app.vip, operator: EQ, expectation: "1"`)
	state := when(`call.state, operator: EQ, expectation: ringing`)
	for name, c := range map[string]struct {
		file            string
		to              string
		wanted, certain bool
	}{
		"always":                {item("call.inbound", automation.CreateConversation, "", "{}"), "+493023125002", true, true},
		"this number":           {item("call.inbound", automation.CreateConversation, brand, "{}"), "+493023125001", true, true},
		"another number":        {item("call.inbound", automation.CreateConversation, brand, "{}"), "+493023125002", false, true},
		"a field of the flow":   {item("call.inbound", automation.CreateConversation, vip, "{}"), "+493023125001", false, false},
		"as it was at the ring": {item("call.inbound", automation.CreateConversation, state, "{}"), "+493023125001", false, false},
	} {
		set := loaded(t, "fields: [app.vip]\nautomations:\n"+c.file)
		wanted, certain := set.Wants(call.Facts{Leg: call.Leg{ID: "a", To: c.to}})
		require.Equal(t, c.wanted, wanted, name)
		require.Equal(t, c.certain, certain, name)
	}
}
