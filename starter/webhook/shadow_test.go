package webhook

import (
	"context"
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/callthread/callthread/workflows"
)

func withShadow(c *Config) { c.Shadow = true }

func TestCallsInShadowHaveTheirOwnRuns(t *testing.T) {
	withReceiver(t, func(t *testing.T, r *receiver) {
		for _, event := range []string{"call-inbound", "call-bridged", "call-finished"} {
			require.Equal(t, "shadow/"+leg, r.post(t, event).WorkflowID)
		}
		require.Len(t, r.temporal.runs, 1)
		run := r.temporal.runs["shadow/"+leg]
		require.Equal(t, leg, run.input.Key)
		require.True(t, run.input.Shadow)
		require.Equal(t, []string{"bridged", "finished"}, run.signals)
		require.Contains(t, string(run.started.GetUserMetadata().GetSummary().GetData()), "Shadow: Inbound call of ")
		require.Contains(t, string(run.started.GetUserMetadata().GetDetails().GetData()), "`starter show shadow/"+leg+"`")
	}, withShadow)
}

func TestShadowDoesNotAwaitTheConversation(t *testing.T) {
	withReceiver(t, func(t *testing.T, r *receiver) {
		r.temporal.state = func(context.Context) (workflows.State, error) { return opened, nil }
		answer := r.post(t, "call-inbound?wait=conversation")
		require.Equal(t, http.StatusAccepted, answer.status)
		require.Empty(t, answer.ConversationID)
		require.Empty(t, r.temporal.runs["shadow/"+leg].asked)
	}, withShadow)
}
