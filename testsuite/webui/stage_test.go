// Package webui checks what operators see of calls in the Temporal Web UI, with a real server and
// a real browser. It also takes the pictures of docs/web-ui.md.
package webui

import (
	"context"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/callthread/callthread/call"
	"github.com/callthread/callthread/internal/demo"
	"github.com/callthread/callthread/kustomer/sandbox"
	"github.com/callthread/callthread/testsuite/stage"
	"github.com/callthread/callthread/workflows"
)

// pictures is the folder for the pictures of docs/web-ui.md:
// go test ./testsuite/webui -pictures ../../docs/pictures
var pictures = flag.String("pictures", "", "write the pictures of docs/web-ui.md into this folder")

// product is the whole product on a real Temporal server with its Web UI; nil in short mode.
var product *demo.Stage

func TestMain(m *testing.M) {
	flag.Parse()
	os.Exit(runOn(m))
}

func runOn(m *testing.M) int {
	if testing.Short() {
		return m.Run()
	}
	var err error
	if product, err = start(""); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer product.Close()
	return stage.Run(m)
}

func start(keys string) (*demo.Stage, error) {
	return demo.SetStage(context.Background(), demo.StageOptions{
		NewReceiver: stage.Receiver,
		Limits:      call.Limits{Settle: 2 * time.Second}, // a busy machine may delay the second of two webhooks
		Budget:      100_000, Keys: keys, Progress: os.Stderr, Log: slog.New(slog.NewTextHandler(io.Discard, nil)),
	})
}

// The keys of the calls on the stage.
const (
	ringing    = "5b1f0ac27c9e4d1e"
	held       = "81d62f7bb04a4c09" // delayed, because Kustomer is unavailable
	talking    = "c7d81f02a95e43f6"
	answered   = "e2904bb61d7f4a38"
	unassigned = "f6a7c83e50b24d91" // answered by an agent who is not in Kustomer
	missed     = "0d3e5f1892ab4c77"
	parked     = "93b8d4e07f1642ca"
	terminated = "a40c9e6d8815437b"
)

// moments are times before the first call and after the last one.
type moments struct{ before, after time.Time }

// calls plays the calls once for all tests.
var calls = sync.OnceValues(func() (moments, error) {
	played := moments{before: time.Now().Add(-time.Second)}
	agent := `,"agent":{"id":"4711","name":"Amira Haddad","sourceId":"5f0c1a2b3c4d5e6f70819210"},"queue":{"name":"Support"}`
	nobody := `,"agent":{"id":"4790","name":"Nora New"},"queue":{"name":"Sales"}`
	product.Sandbox.Inject(sandbox.Fault{Method: "POST", Route: "/v1/conversations", Kind: sandbox.FaultStatus, Status: 400, Times: 2}) // the full request and the reduced one
	steps := []func() error{
		send("call-inbound", parked, "", ""), await(parked, workflows.Parked),
		send("call-inbound", ringing, "", ""), await(ringing, workflows.Ringing),
		send("call-inbound", terminated, "", ""), await(terminated, workflows.Ringing), terminate(terminated),
		send("call-inbound", missed, "", ""), send("call-finished", missed, `,"duration":20,"finishReason":"hangup"`, `,"queue":{"name":"Sales"}`),
	}
	for key, by := range map[string]string{talking: agent, answered: agent, unassigned: nobody} {
		steps = append(steps, send("call-inbound", key, "", ""), await(key, workflows.Ringing), send("call-bridged", key, `,"duration":7`, by))
	}
	steps = append(steps,
		await(talking, workflows.Bridged), await(unassigned, workflows.Bridged),
		send("call-finished", answered, `,"duration":95,"finishReason":"passive-hangup"`, ""),
		end(answered), end(missed), down,
		send("call-inbound", held, "", ""),
	)
	for _, step := range steps {
		if err := step(); err != nil {
			return played, err
		}
	}
	played.after = time.Now().Add(time.Second)
	return played, nil
})

// down makes Kustomer fail to create conversations.
func down() error {
	product.Sandbox.Inject(sandbox.Fault{Method: "POST", Route: "/v1/conversations", Kind: sandbox.FaultStatus, Status: http.StatusServiceUnavailable})
	return nil
}

// send posts a webhook as babelforce would.
func send(event, key, leg, buckets string) func() error {
	body := fmt.Sprintf(`{"call":{"id":%q,"type":"inbound","source":"queue","domain":"external","from":"+493023125042","to":"+493023125001"%s}%s}`, key, leg, buckets)
	return func() error { return post(product, event, body) }
}

func post(to *demo.Stage, event, body string) error {
	request, err := http.NewRequest(http.MethodPost, to.WebhookURL+"/"+event, strings.NewReader(body))
	if err != nil {
		return err
	}
	request.Header.Set("Authorization", "Bearer "+demo.Secret)
	request.Header.Set("Content-Type", "application/json")
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return err
	}
	defer func() { _ = response.Body.Close() }()
	if response.StatusCode != http.StatusAccepted {
		return fmt.Errorf("%s was answered %s", event, response.Status)
	}
	return nil
}

// await waits until a call is in a phase and Kustomer has accepted or refused the update.
func await(key string, phase workflows.Phase) func() error {
	return func() error {
		var state workflows.State
		for deadline := time.Now().Add(timeout); time.Now().Before(deadline); <-time.After(20 * time.Millisecond) {
			value, err := product.Temporal.QueryWorkflow(context.Background(), workflows.WorkflowID(key), "", workflows.QueryState)
			if err == nil && value.Get(&state) == nil && state.Phase == phase && state.WaitsFor != call.WaitsForKustomer {
				return nil
			}
		}
		return fmt.Errorf("call %s is %s and waits for %s, but was to be %s", key, state.Phase, state.WaitsFor, phase)
	}
}

// end waits until a call is over.
func end(key string) func() error {
	return func() error {
		ctx, cancel := context.WithTimeout(context.Background(), timeout)
		defer cancel()
		return product.Temporal.GetWorkflow(ctx, workflows.WorkflowID(key), "").Get(ctx, nil)
	}
}

func terminate(key string) func() error {
	return func() error {
		return product.Temporal.TerminateWorkflow(context.Background(), workflows.WorkflowID(key), "", "for the list")
	}
}

// conversation returns the id of a call's conversation.
func conversation(t *testing.T, key string) string {
	t.Helper()
	all := product.Sandbox.State().Conversations
	i := slices.IndexFunc(all, func(c sandbox.Conversation) bool { return c.ExternalID == "babelforce:"+key })
	require.GreaterOrEqual(t, i, 0, key)
	return all[i].ID
}
