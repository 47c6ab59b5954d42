package automation_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/callthread/callthread/automation/load"
)

func TestTextsContainNoPersonalData(t *testing.T) {
	set, _, err := load.Bytes("mine.yaml", []byte(`
queues: { Support: 5f0c1a2b3c4d5e6f70819220 }
automations:
  - { event: call.inbound, action: kustomer.conversation.create, options: { name: "Call from {call.from}", tags: [a, "way_{call.direction}"], custom: { shopStr: Bakery, fromStr: "{call.from}" } } }
  - { event: call.finished, action: kustomer.conversation.update, options: { name: Over, tags: { remove: [b], add: ["{agent.name}"] } } }
`))
	require.NoError(t, err)
	require.Equal(t, map[string]bool{
		"a": true, "way_in": true, "way_out": true, "way_": true, "Bakery": true, "Over": true, "b": true, "5f0c1a2b3c4d5e6f70819220": true,
	}, set.Texts())
}
