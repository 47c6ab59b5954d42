package demo

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/callthread/callthread/automation/load"
	"github.com/callthread/callthread/call"
)

func TestDemoExtendsBuiltInAutomations(t *testing.T) {
	set, _, err := load.Bytes("automations", usualAutomations)
	require.NoError(t, err)
	for _, kind := range []call.Kind{call.Inbound, call.Bridged, call.Finished, call.Outbound, call.Recorded} {
		require.True(t, set.Handles(kind), kind)
	}
	require.True(t, set.Needs().WritesMessages)
	require.False(t, load.Default().Needs().WritesMessages)
}
