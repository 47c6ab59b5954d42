package shadow

import (
	"log/slog"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/api/enums/v1"
	historypb "go.temporal.io/api/history/v1"

	"github.com/callthread/callthread/activities"
	"github.com/callthread/callthread/automation"
	"github.com/callthread/callthread/automation/load"
	"github.com/callthread/callthread/babelforce"
	"github.com/callthread/callthread/call"
	"github.com/callthread/callthread/internal/app"
	"github.com/callthread/callthread/internal/demo"
	"github.com/callthread/callthread/kustomer"
	"github.com/callthread/callthread/kustomer/sandbox"
	"github.com/callthread/callthread/starter/webhook"
	"github.com/callthread/callthread/testsuite/stage"
	"github.com/callthread/callthread/workflows"
)

// The users of the sandbox's keys: our user, the user of the automation in use, and another person's.
const (
	ourUser    = "5f0c1a2b3c4d5e6f70819201"
	vendorUser = "5f0c1a2b3c4d5e6f70819250"
	vendorKey  = "vendor-key"
	otherUser  = "5f0c1a2b3c4d5e6f70819251"
	otherKey   = "other-key"
)

// shadowed is a stage with a shadow in addition to the live receiver and worker.
type shadowed struct {
	*stage.Stage
	// shadow is the same stage with the shadow's receiver.
	shadow *stage.Stage
	vendor *kustomer.Client
	other  *kustomer.Client
}

func newShadowed(t *testing.T, org sandbox.Config) *shadowed {
	t.Helper()
	org.OtherKeys = map[string]string{vendorKey: vendorUser, otherKey: otherUser}
	s := &shadowed{Stage: stage.Set(t, func(options *demo.StageOptions) { options.Org = org })}
	queue := workflows.ShadowTaskQueue(s.TaskQueue)
	set, _, err := load.Bytes("built in", automation.DefaultFile)
	require.NoError(t, err)
	steps := activities.New(s.client(t, stage.SandboxKey, true), func() *automation.Set { return set }, "")
	steps.Vendor = vendorUser
	worker := app.NewWorker(s.Temporal, queue, steps, 16, nil)
	require.NoError(t, worker.Start())
	t.Cleanup(worker.Stop)

	verifier, err := babelforce.NewVerifier([]string{demo.Secret})
	require.NoError(t, err)
	receiver := httptest.NewServer(webhook.New(webhook.Config{
		Temporal: s.Temporal, TaskQueue: queue, Verifier: verifier, Eager: true, Shadow: true,
		Limits: call.Limits{Settle: 2 * time.Second}, Log: slog.New(slog.DiscardHandler),
	}))
	t.Cleanup(receiver.Close)
	s.shadow = s.ReceiveAt(receiver.URL)
	s.vendor, s.other = s.client(t, vendorKey, false), s.client(t, otherKey, false)
	return s
}

func (s *shadowed) client(t *testing.T, key string, shadow bool) *kustomer.Client {
	t.Helper()
	client, err := kustomer.New(kustomer.Config{BaseURL: s.KustomerURL, APIKey: key, Shadow: shadow})
	require.NoError(t, err)
	return client
}

// result waits for the end of a call in shadow.
func (s *shadowed) result(t *testing.T, key string) (state workflows.State) {
	t.Helper()
	require.NoError(t, s.Temporal.GetWorkflow(t.Context(), workflows.ShadowID(key), "").Get(t.Context(), &state))
	return state
}

// history returns the history of a call in shadow.
func (s *shadowed) history(t *testing.T, key string) *historypb.History {
	t.Helper()
	history := &historypb.History{}
	events := s.Temporal.GetWorkflowHistory(t.Context(), workflows.ShadowID(key), "", false, enums.HISTORY_EVENT_FILTER_TYPE_ALL_EVENT)
	for events.HasNext() {
		event, err := events.Next()
		require.NoError(t, err)
		history.Events = append(history.Events, event)
	}
	return history
}
