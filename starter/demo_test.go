package main

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestDemoChecksTheFileFirst(t *testing.T) {
	file := writeFile(t, planted)
	printed, err := starts(t, "demo", "--automations", file)
	require.ErrorIs(t, err, errCheckFailed)
	require.Contains(t, printed, "problem  "+file+":3:14: ")
	require.NotContains(t, printed, "Temporal Web UI")

	_, err = starts(t, "demo", "--automations", "/no/such.yaml")
	require.ErrorContains(t, err, "--automations: open /no/such.yaml")
}

func TestDemoHasNoFaultsForARealOrg(t *testing.T) {
	org(t, "key")
	for _, flags := range [][]string{{"--faults"}, {"--replicas", "2"}} {
		_, err := starts(t, append([]string{"demo"}, flags...)...)
		require.ErrorContains(t, err, "for the sandbox only: unset KUSTOMER_URL")
	}
}
