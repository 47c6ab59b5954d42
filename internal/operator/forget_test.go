package operator

import (
	"bytes"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestReceiptListsForgottenAndKeptCalls(t *testing.T) {
	r := Receipt{
		At: ring, Temporal: "localhost:7233", Namespace: "default", CallerHashes: []string{"df9ee35a"},
		Calls: []ForgottenCall{
			{Run: Run{CallID: "x", StartedAt: ring, ConversationID: conversation}, Forgotten: true},
			{Run: Run{CallID: "y", StartedAt: ring}, Kept: "it is under way:\nforget again when it is over"},
		},
		Unreadable: "2 calls could not be looked through",
		Elsewhere:  []string{"Kustomer", "backups"},
	}
	var printed bytes.Buffer
	require.NoError(t, r.Print(&printed))
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

func TestReceiptFailsIfACallWasKept(t *testing.T) {
	forgotten := ForgottenCall{Forgotten: true}
	require.NoError(t, Receipt{}.Failed())
	require.NoError(t, Receipt{Calls: []ForgottenCall{forgotten}}.Failed())
	require.ErrorIs(t, Receipt{Calls: []ForgottenCall{forgotten, {Kept: "it is parked"}}}.Failed(), ErrNotAllForgotten)
	require.ErrorIs(t, Receipt{Unreadable: "2 calls"}.Failed(), ErrNotAllForgotten)
}
