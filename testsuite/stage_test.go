package testsuite

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/callthread/callthread/internal/demo"
	"github.com/callthread/callthread/kustomer/sandbox"
	"github.com/callthread/callthread/workflows"
)

// stage is the whole product on a real Temporal server, started once for all tests of the package.
var stage *demo.Stage

func TestMain(m *testing.M) {
	os.Exit(run(m))
}

func run(m *testing.M) int {
	var err error
	stage, err = demo.SetStage(context.Background(), demo.StageOptions{
		Patience: workflows.Patience{Settle: 2 * time.Second}, // a busy machine takes its time between two webhooks
		Budget:   100_000,                                     // what is proven here is not the budget
		Progress: os.Stderr,
		Log:      slog.New(slog.NewTextHandler(io.Discard, nil)),
	})
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer stage.Close()
	return m.Run()
}

// post sends a webhook as babelforce would and returns what was answered.
func post(t *testing.T, event, body string) (int, string) {
	t.Helper()
	return postAs(t, demo.Secret, event, body)
}

// postAs sends it with a secret.
func postAs(t *testing.T, secret, event, body string) (int, string) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, stage.WebhookURL+"/"+event, strings.NewReader(body))
	require.NoError(t, err)
	request.Header.Set("Authorization", "Bearer "+secret)
	request.Header.Set("Content-Type", "application/json")
	response, err := http.DefaultClient.Do(request)
	require.NoError(t, err)
	defer func() { require.NoError(t, response.Body.Close()) }()
	text, err := io.ReadAll(response.Body)
	require.NoError(t, err)
	return response.StatusCode, string(text)
}

// accepts posts a webhook that must be accepted.
func accepts(t *testing.T, event, body string) {
	t.Helper()
	status, answer := post(t, event, body)
	require.Equal(t, http.StatusAccepted, status, answer)
}

// result waits for a call's workflow to end.
func result(t *testing.T, key string) (state workflows.State) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	require.NoError(t, stage.Temporal.GetWorkflow(ctx, workflows.WorkflowID(key), "").Get(ctx, &state))
	return state
}

// conversations are those that the sandbox holds for a call; there must never be more than one.
func conversations(key string) (found []sandbox.Conversation) {
	for _, conversation := range stage.Sandbox.State().Conversations {
		if conversation.ExternalID == "babelforce:"+key {
			found = append(found, conversation)
		}
	}
	return found
}

// onlyConversation is the one conversation of a call.
func onlyConversation(t *testing.T, key string) sandbox.Conversation {
	t.Helper()
	found := conversations(key)
	require.Len(t, found, 1)
	return found[0]
}

// Webhook bodies of one call, told by its key.
func parentLeg(key, fields string) string {
	return fmt.Sprintf(`{"call":{"id":%q,"type":"inbound","source":"queue","domain":"external","from":"+493023125042","to":"+493023125001"%s}`, key, fields)
}

func inbound(key string) string { return parentLeg(key, "") + "}" }

func bridged(key string) string {
	return parentLeg(key, `,"duration":7`) + `,"agent":{"id":"4711","name":"Amira Haddad","sourceId":"` + amira + `"},"queue":{"name":"Support"}}`
}

func finished(key string) string {
	return parentLeg(key, `,"duration":95,"finishReason":"passive-hangup"`) + "}"
}

func abandoned(key string) string {
	return parentLeg(key, `,"duration":20,"finishReason":"hangup"`) + "}"
}

// attempt is the end of the nth leg on which an agent was rung.
func attempt(key string, nth int, fields string) string {
	return fmt.Sprintf(`{"call":{"id":"%s-c%d","parentId":%q,"type":"outbound","source":"queue","domain":"internal","from":"+493023125042","to":"+493023125011",%s},"agent":{"id":"4712","sourceId":"5f0c1a2b3c4d5e6f70819211"}}`, key, nth, key, fields)
}

func unansweredAttempt(key string) string {
	return attempt(key, 1, `"duration":0,"finishReason":"system-hangup"`)
}

// amira and bastian are users of the sandbox.
const (
	amira   = "5f0c1a2b3c4d5e6f70819210"
	bastian = "5f0c1a2b3c4d5e6f70819211"
)
