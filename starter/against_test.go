package main

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/callthread/callthread/automation"
)

func TestFlagsOfRealCallsGoTogether(t *testing.T) {
	file := writeFile(t, "automations: []")
	for complaint, args := range map[string][]string{
		"--calls needs --against":                             {"--calls"},
		"--against has no effect without --calls":             {"--against", file},
		"--reveal has no effect without --calls":              {"--reveal"},
		"--against: open":                                     {"--calls", "--against", file + ".yaml"},
		`--since "soon" is neither`:                           {"--calls", "--against", file, "--since", "soon"},
		"this file is invalid, so no call was served with it": {"--calls", "--against", file},
	} {
		_, err := starts(t, append([]string{"check"}, args...)...)
		require.ErrorContains(t, err, complaint)
	}
}

// The comparison must not call Kustomer even if its credentials are set.
func TestComparingFilesOnCallsAsksKustomerNothing(t *testing.T) {
	org(t, "wrong key")
	temporal := newTemporal(t)
	temporal.finds = "WorkflowType = 'CallWorkflow' AND WorkflowId STARTS_WITH 'call/' AND StartTime >= '2026-11-23T00:00:00Z'"
	file := writeFile(t, string(automation.DefaultFile))
	printed, err := starts(t, "check", "--calls", "--against", file, "--since", "2026-11-23")
	require.ErrorContains(t, err, "no call since 2026-11-23 could be compared")
	require.NotContains(t, printed, "API key")
	require.Contains(t, printed, "0 calls compared")
}
