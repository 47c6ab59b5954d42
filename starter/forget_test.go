package main

import (
	"bytes"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestReceiptTellsWhatWasForgottenWhatWasKeptAndWhy(t *testing.T) {
	r := receipt{
		At: ring, Temporal: "localhost:7233", Namespace: "default", CallerHashes: []string{"df9ee35a"},
		Calls: []forgottenCall{
			{foundCall: foundCall{CallID: "x", StartedAt: ring, ConversationID: conversation}, Forgotten: true},
			{foundCall: foundCall{CallID: "y", StartedAt: ring}, Kept: "it is under way:\nforget again when it is over"},
		},
		Unreadable: "2 calls could not be looked through",
		Elsewhere:  []string{"Kustomer", "backups"},
	}
	var printed bytes.Buffer
	require.NoError(t, r.print(&printed))
	require.Equal(t, strings.TrimPrefix(`
Receipt of 2026-03-04T09:30:00Z, Temporal at localhost:7233, namespace default
Caller (hash): df9ee35a

CALL  STARTED               CONVERSATION              FORGOTTEN
x     2026-03-04T09:30:00Z  2b7e0000000000000000beef  yes
y     2026-03-04T09:30:00Z  –                         no: it is under way: forget again when it is over

2 calls could not be looked through

Kept elsewhere:
- Kustomer
- backups
`, "\n"), printed.String())
}

func TestReceiptFailsWhereAnythingWasKept(t *testing.T) {
	forgotten := forgottenCall{Forgotten: true}
	require.NoError(t, receipt{}.failed())
	require.NoError(t, receipt{Calls: []forgottenCall{forgotten}}.failed())
	require.ErrorIs(t, receipt{Calls: []forgottenCall{forgotten, {Kept: "it is parked"}}}.failed(), errNotAllForgotten)
	require.ErrorIs(t, receipt{Unreadable: "2 calls"}.failed(), errNotAllForgotten)
}

func TestNumberThatIsNoneIsRefused(t *testing.T) {
	for _, command := range []string{"find", "forget"} {
		for _, flags := range [][]string{nil, {"--phone="}, {"--phone", "Amira"}} {
			_, err := starts(t, append([]string{command}, flags...)...)
			require.ErrorContains(t, err, "--phone takes a number, such as +493023125042")
		}
		_, err := starts(t, command, "--phone", "030 23125042", "--country", "Germany")
		require.ErrorContains(t, err, "use the country's two letters")
		_, err = starts(t, command, "--phone", "030 23125042")
		require.ErrorContains(t, err, "with its country code")
		_, err = starts(t, command, "--phone", "+493023125042")
		require.ErrorContains(t, err, "127.0.0.1:1")
		require.NotContains(t, err.Error(), "493023125042")
	}
}
