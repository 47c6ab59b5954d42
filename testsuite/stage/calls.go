package stage

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/callthread/callthread/internal/demo"
	"github.com/callthread/callthread/workflows"
)

// Post sends a webhook as babelforce would, and returns the status and the body of the answer.
func (s *Stage) Post(t *testing.T, event, body string) (int, string) {
	t.Helper()
	return s.PostAs(t, demo.Secret, event, body)
}

// PostAs sends a webhook with the given secret.
func (s *Stage) PostAs(t *testing.T, secret, event, body string) (int, string) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.WebhookURL+"/"+event, strings.NewReader(body))
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

// Accepts posts a webhook that must be accepted.
func (s *Stage) Accepts(t *testing.T, event, body string) {
	t.Helper()
	status, answer := s.Post(t, event, body)
	require.Equal(t, http.StatusAccepted, status, answer)
}

// Result waits for a call's workflow to end.
func (s *Stage) Result(t *testing.T, key string) (state workflows.State) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), WaitLimit)
	defer cancel()
	require.NoError(t, s.Temporal.GetWorkflow(ctx, workflows.WorkflowID(key), "").Get(ctx, &state))
	return state
}

// ReceiveAt returns the same stage with another receiver.
func (s *Stage) ReceiveAt(url string) *Stage {
	other := *s.Stage
	other.WebhookURL = url + "/webhooks/babelforce"
	return &Stage{&other}
}

// The webhook bodies of a call, which is identified by its key.

// ParentLeg returns a body up to the fields of the caller's leg, without its last brace.
func ParentLeg(key, fields string) string {
	return fmt.Sprintf(`{"call":{"id":%q,"type":"inbound","source":"queue","domain":"external","from":"+493023125042","to":"+493023125001"%s}`, key, fields)
}

// Inbound returns the body for a call that rings.
func Inbound(key string) string { return ParentLeg(key, "") + "}" }

// Bridged returns the body for a call that Amira has picked up.
func Bridged(key string) string {
	return ParentLeg(key, `,"duration":7`) + `,"agent":{"id":"4711","name":"Amira Haddad","sourceId":"` + Amira + `"},"queue":{"name":"Support"}}`
}

// Finished returns the body for the end of an answered call.
func Finished(key string) string {
	return ParentLeg(key, `,"duration":95,"finishReason":"passive-hangup"`) + "}"
}

// Abandoned returns the body for the end of a call whose caller hung up.
func Abandoned(key string) string {
	return ParentLeg(key, `,"duration":20,"finishReason":"hangup"`) + "}"
}

// Attempt returns the body for the end of the nth leg on which an agent's phone rang.
func Attempt(key string, nth int, fields string) string {
	return fmt.Sprintf(`{"call":{"id":"%s-c%d","parentId":%q,"type":"outbound","source":"queue","domain":"internal","from":"+493023125042","to":"+493023125011",%s},"agent":{"id":"4712","sourceId":"5f0c1a2b3c4d5e6f70819211"}}`, key, nth, key, fields)
}

// UnansweredAttempt returns the body for the end of the first leg, whose agent did not pick up.
func UnansweredAttempt(key string) string {
	return Attempt(key, 1, `"duration":0,"finishReason":"system-hangup"`)
}

// Amira and Bastian are users of the sandbox.
const (
	Amira   = "5f0c1a2b3c4d5e6f70819210"
	Bastian = "5f0c1a2b3c4d5e6f70819211"
)
