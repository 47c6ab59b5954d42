package metrics

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/interceptor"
	"go.temporal.io/sdk/log"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/testsuite"
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"

	"github.com/callthread/callthread/activities"
	"github.com/callthread/callthread/call"
	"github.com/callthread/callthread/kustomer"
)

// arrival is when a call's first webhook arrived.
var arrival = time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)

// carriesOut lets a run of a call ask for one step, of which each attempt does as told.
func carriesOut[In, Out any](t *testing.T, watching interceptor.WorkerInterceptor, name string, in In, do func(attempt int32) (Out, error)) {
	t.Helper()
	suite := &testsuite.WorkflowTestSuite{}
	suite.SetLogger(log.NewStructuredLogger(slog.New(slog.DiscardHandler)))
	env := suite.NewTestWorkflowEnvironment()
	env.SetStartTime(arrival)
	env.SetWorkerOptions(worker.Options{Interceptors: []interceptor.WorkerInterceptor{watching}})
	env.RegisterActivityWithOptions(func(ctx context.Context, _ In) (Out, error) { return do(activity.GetInfo(ctx).Attempt) },
		activity.RegisterOptions{Name: name})
	env.ExecuteWorkflow(func(ctx workflow.Context) error {
		ctx = workflow.WithActivityOptions(ctx, workflow.ActivityOptions{StartToCloseTimeout: time.Minute})
		return workflow.ExecuteActivity(ctx, name, in).Get(ctx, nil)
	})
	require.True(t, env.IsWorkflowCompleted())
}

func succeeds[Out any](out Out) func(int32) (Out, error) {
	return func(int32) (Out, error) { return out, nil }
}

func opens(t *testing.T, watching interceptor.WorkerInterceptor, result activities.CreateConversationResult) {
	t.Helper()
	carriesOut(t, watching, "CreateConversation", activities.CreateConversationInput{}, succeeds(result))
}

func updates(t *testing.T, watching interceptor.WorkerInterceptor, in activities.UpdateConversationInput, result activities.UpdateConversationResult) {
	t.Helper()
	carriesOut(t, watching, "UpdateConversation", in, succeeds(result))
}

func TestEveryStepIsKnownByName(t *testing.T) {
	var names []string
	steps := reflect.TypeFor[*activities.Activities]()
	for i := range steps.NumMethod() {
		names = append(names, steps.Method(i).Name)
	}
	require.Equal(t, names, stepNames)
}

func TestOpeningIsMeasuredFromTheArrivalOfTheFirstWebhook(t *testing.T) {
	m := New()
	carriesOut(t, m.Steps(800), "CreateConversation", activities.CreateConversationInput{
		Rang: arrival.Add(-time.Minute), // by the clock of babelforce, whose webhook came late
	}, func(attempt int32) (activities.CreateConversationResult, error) {
		if attempt < 3 {
			return activities.CreateConversationResult{}, temporal.NewApplicationError("503", activities.Unavailable)
		}
		return activities.CreateConversationResult{ConversationID: "c", OpenedAt: arrival.Add(5 * time.Second)}, nil
	})
	text := scrape(t, m)
	require.Contains(t, text, "callthread_ring_to_conversation_seconds_sum 5\n")
	require.Contains(t, text, "callthread_ring_to_conversation_seconds_count 1\n")
	require.Contains(t, text, `callthread_step_attempts_total{result="KustomerUnavailable",step="CreateConversation"} 2`)
	require.Contains(t, text, `callthread_step_attempts_total{result="done",step="CreateConversation"} 1`)
}

func TestOpeningIsNotMeasuredWhereNothingIsOpened(t *testing.T) {
	m := New()
	opens(t, m.Steps(800), activities.CreateConversationResult{})
	require.Contains(t, scrape(t, m), "callthread_ring_to_conversation_seconds_count 0\n")
}

func TestClocksThatDisagreeMeasureNoLessThanNothing(t *testing.T) {
	m := New()
	opens(t, m.Steps(800), activities.CreateConversationResult{ConversationID: "c", OpenedAt: arrival.Add(-time.Second)})
	require.Contains(t, scrape(t, m), "callthread_ring_to_conversation_seconds_sum 0\n")
}

func TestHandOverIsMeasuredFromTheBridgeThatWasHeardOf(t *testing.T) {
	since := arrival.Add(10 * time.Second)
	for name, c := range map[string]struct {
		in       activities.UpdateConversationInput
		gone     bool
		measured int
	}{
		"the first agent":                  {activities.UpdateConversationInput{Event: call.Bridged, Note: "bridged", Since: since}, false, 1},
		"the next agent":                   {activities.UpdateConversationInput{Event: call.Bridged, Note: "bridged-2", Since: since}, false, 1},
		"a bridge nobody was told of":      {activities.UpdateConversationInput{Event: call.Bridged, Note: "answered", Since: since}, false, 0},
		"a conversation people deleted":    {activities.UpdateConversationInput{Event: call.Bridged, Note: "bridged", Since: since}, true, 0},
		"the outcome":                      {activities.UpdateConversationInput{Event: call.Finished, Note: "finished", Since: since}, false, 0},
		"an input of before Since existed": {activities.UpdateConversationInput{Event: call.Bridged, Note: "bridged"}, false, 0},
	} {
		t.Run(name, func(t *testing.T) {
			m := New()
			updates(t, m.Steps(800), c.in, activities.UpdateConversationResult{UpdatedAt: since.Add(250 * time.Millisecond), Gone: c.gone})
			text := scrape(t, m)
			require.Contains(t, text, fmt.Sprintf("callthread_bridge_to_update_seconds_sum %v\n", 0.25*float64(c.measured)))
			require.Contains(t, text, fmt.Sprintf("callthread_bridge_to_update_seconds_count %d\n", c.measured))
		})
	}
}

func TestCallCountsOnceByItsOutcomeHoweverOftenThatIsPutRight(t *testing.T) {
	m := New()
	watching := m.Steps(800)
	finished := func(note string, facts call.Facts) {
		updates(t, watching, activities.UpdateConversationInput{Event: call.Finished, Note: note, Facts: facts}, activities.UpdateConversationResult{})
	}
	finished("finished", call.Facts{Outcome: call.NoAgent})
	finished("finished-2", call.Facts{Outcome: call.Answered})
	finished("finished", call.Facts{Outcome: call.Answered, Outgoing: true})
	updates(t, watching, activities.UpdateConversationInput{Event: call.Bridged, Note: "bridged"}, activities.UpdateConversationResult{})
	text := scrape(t, m)
	for _, line := range []string{
		`callthread_calls_total{direction="in",outcome="no_agent"} 1`,
		`callthread_calls_total{direction="in",outcome="answered"} 0`,
		`callthread_calls_total{direction="out",outcome="answered"} 1`,
	} {
		require.Contains(t, text, line+"\n")
	}
}

func TestWhatCouldNotBeDoneAsToldIsCounted(t *testing.T) {
	m := New()
	watching := m.Steps(700)
	opens(t, watching, activities.CreateConversationResult{Warnings: []string{"a part was left out", "and another"}})
	carriesOut(t, watching, "MoveConversation", activities.MoveConversationInput{}, succeeds(activities.MoveConversationResult{Warnings: []string{"kept"}}))
	updates(t, watching, activities.UpdateConversationInput{}, activities.UpdateConversationResult{Unassigned: true})
	carriesOut(t, watching, "UpdateConversation", activities.UpdateConversationInput{}, func(int32) (struct{}, error) {
		return struct{}{}, temporal.NewNonRetryableApplicationError("no", activities.Refused, nil)
	})
	carriesOut(t, watching, "UpdateConversation", activities.UpdateConversationInput{}, func(int32) (struct{}, error) {
		return struct{}{}, temporal.NewNonRetryableApplicationError("a panic", "of +493055512399", errors.New("boom"))
	})
	text := scrape(t, m)
	for _, line := range []string{
		`callthread_warnings_total{step="CreateConversation"} 2`,
		`callthread_warnings_total{step="MoveConversation"} 1`,
		`callthread_warnings_total{step="UpdateConversation"} 0`,
		`callthread_calls_unassigned_total 1`,
		`callthread_step_attempts_total{result="KustomerRefused",step="UpdateConversation"} 1`,
		`callthread_step_attempts_total{result="other",step="UpdateConversation"} 1`,
		`callthread_kustomer_budget 700`,
	} {
		require.Contains(t, text, line+"\n")
	}
}

// A label with a value of its own for each call would fill Prometheus, and tell who called.
func TestNoLabelTellsWhoCalledAndCallsAddNone(t *testing.T) {
	const phone = "+493055512399"
	m := New()
	watching := m.Steps(800)
	play := func(n int) {
		facts := call.Facts{
			Key: fmt.Sprint("key-", n), Leg: call.Leg{From: phone + fmt.Sprint(n)}, Outcome: call.Answered,
			Agent: call.Agent{ID: fmt.Sprint("agent-", n), Name: "Marked Name"}, Queue: call.Queue{Name: fmt.Sprint("queue-", n)},
		}
		m.Webhook("call-bridged", 202, true, time.Second)
		m.Kustomer(kustomer.Exchange{Op: "find customer", Method: phone, Route: "/v1/customers/phone=" + phone, Status: 200, RateLimit: 1000, RateLimitRemaining: n})
		carriesOut(t, watching, "CreateConversation", activities.CreateConversationInput{Facts: facts}, succeeds(activities.CreateConversationResult{
			ConversationID: fmt.Sprint("conversation-", n), OpenedAt: arrival, Warnings: []string{"attribute of " + phone},
		}))
		updates(t, watching, activities.UpdateConversationInput{Event: call.Finished, Note: "finished", Facts: facts}, activities.UpdateConversationResult{})
	}
	series := func() (count int) {
		families, err := m.registry.Gather()
		require.NoError(t, err)
		for _, family := range families {
			if !strings.HasPrefix(family.GetName(), "callthread_") {
				continue
			}
			count += len(family.GetMetric())
			for _, metric := range family.GetMetric() {
				for _, label := range metric.GetLabel() {
					require.Contains(t, []string{"direction", "event", "operation", "outcome", "result", "status", "step"}, label.GetName(), "a new label: can it tell who called?")
				}
			}
		}
		return count
	}
	play(0)
	before := series()
	for n := range 5 {
		play(n + 1)
	}
	require.Equal(t, before, series())
	text := scrape(t, m)
	for _, marked := range []string{phone[1:], "key-", "agent-", "queue-", "conversation-", "Marked"} {
		require.NotContains(t, text, marked)
	}
}
