package webhook

import (
	"context"
	"errors"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/api/serviceerror"
	"google.golang.org/grpc/health/grpc_health_v1"

	"github.com/callthread/callthread/workflows"
)

var opened = workflows.State{
	CallID: leg, InKustomer: workflows.InKustomer{ConversationID: "5f0c", ConversationURL: "https://acme.kustomerapp.com/app/5f0c"},
}

func TestConversationIsAnsweredOnceItExists(t *testing.T) {
	withReceiver(t, func(t *testing.T, r *receiver) {
		withConversation := accepted{
			CallID: leg, WorkflowID: workflowID, RunID: "run-1",
			ConversationID: opened.ConversationID, ConversationURL: opened.ConversationURL,
		}
		r.temporal.state = func(context.Context) (workflows.State, error) { return opened, nil }
		for _, question := range []string{"update conversation", "query state"} {
			answer := r.post(t, "call-inbound?wait=conversation")
			require.Equal(t, http.StatusOK, answer.status)
			require.Equal(t, withConversation, answer.accepted)
			require.Equal(t, question, r.temporal.runs[workflowID].asked)
			r.temporal.runs[workflowID].ended = true // an ended workflow takes no updates
		}
	})
}

func TestOutboundConversationCanBeAwaited(t *testing.T) {
	withReceiver(t, func(t *testing.T, r *receiver) {
		r.temporal.state = func(context.Context) (workflows.State, error) { return opened, nil }
		answer := r.post(t, "call-outbound?wait=conversation")
		require.Equal(t, http.StatusOK, answer.status)
		require.Equal(t, opened.ConversationID, answer.ConversationID)
	}, withOutgoing)
}

func TestEventIsAcceptedWithoutConversation(t *testing.T) {
	for name, state := range map[string]func(context.Context) (workflows.State, error){
		"it takes too long":             func(ctx context.Context) (workflows.State, error) { <-ctx.Done(); return workflows.State{}, ctx.Err() },
		"Temporal is gone":              func(context.Context) (workflows.State, error) { return opened, serviceerror.NewUnavailable("gone") },
		"the workflow refuses":          func(context.Context) (workflows.State, error) { return opened, serviceerror.NewNotFound("over") },
		"an operator skipped that step": func(context.Context) (workflows.State, error) { return workflows.State{CallID: leg}, nil },
	} {
		for _, ended := range []bool{false, true} {
			withReceiver(t, func(t *testing.T, r *receiver) {
				r.temporal.state = state
				if ended {
					r.post(t, "call-inbound")
					r.temporal.runs[workflowID].ended = true
				}
				began := time.Now()
				answer := r.post(t, "call-inbound?wait=conversation")
				require.Equal(t, http.StatusAccepted, answer.status, name)
				require.Equal(t, accepted{CallID: leg, WorkflowID: workflowID, RunID: "run-1"}, answer.accepted, name)
				require.LessOrEqual(t, time.Since(began), 3*time.Second, name)
			}, func(c *Config) { c.ConversationWait = 3 * time.Second })
		}
	}
}

func TestDefaultConversationWaitIsFiveSeconds(t *testing.T) {
	withReceiver(t, func(t *testing.T, r *receiver) {
		began := time.Now()
		r.temporal.state = func(ctx context.Context) (workflows.State, error) {
			<-time.After(4 * time.Second)
			return opened, nil
		}
		require.Equal(t, http.StatusOK, r.post(t, "call-inbound?wait=conversation").status)
		require.Equal(t, 4*time.Second, time.Since(began))

		r.temporal.state = func(ctx context.Context) (workflows.State, error) {
			<-ctx.Done()
			return opened, ctx.Err()
		}
		began = time.Now()
		require.Equal(t, http.StatusAccepted, r.post(t, "call-inbound?wait=conversation").status)
		require.Equal(t, 5*time.Second, time.Since(began))
	})
}

func TestOnlyARingWithWaitWaits(t *testing.T) {
	withReceiver(t, func(t *testing.T, r *receiver) {
		for _, event := range []string{"call-inbound", "call-inbound?wait=agent", "call-bridged?wait=conversation", "recording-finished?wait=conversation"} {
			require.Equal(t, http.StatusAccepted, r.post(t, event).status)
			require.Empty(t, r.temporal.runs[workflowID].asked)
		}
	})
}

func TestUnreadyReceiverSaysWhy(t *testing.T) {
	withReceiver(t, func(t *testing.T, r *receiver) {
		answer := r.send(t, raw("GET", "/readyz", "", ""))
		require.Equal(t, http.StatusServiceUnavailable, answer.status)
		require.Equal(t, "search attributes are lacking", answer.Detail)
	}, func(c *Config) { c.Ready = func() error { return errors.New("search attributes are lacking") } })
}

func TestHealthDoesNotDependOnReadiness(t *testing.T) {
	withReceiver(t, func(t *testing.T, r *receiver) {
		probe := func(path string) int { return r.send(t, raw("GET", path, "", "")).status }
		require.Equal(t, http.StatusOK, probe("/healthz"))
		require.Equal(t, http.StatusOK, probe("/readyz"))
		r.temporal.health.SetServingStatus("temporal.api.workflowservice.v1.WorkflowService", grpc_health_v1.HealthCheckResponse_NOT_SERVING)
		require.Equal(t, http.StatusOK, probe("/readyz"), "it was asked a moment ago")
		<-time.After(readyFor)
		require.Equal(t, http.StatusOK, probe("/healthz"))
		require.Equal(t, http.StatusServiceUnavailable, probe("/readyz"))
		require.Empty(t, r.answered, "probes are no webhooks")
	}, withSecret(t)) // probes do not have the secret
}
