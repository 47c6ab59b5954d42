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

// isOpen is the conversation of a call that has one.
var isOpen = activities.Conversation{ID: "c"}

// carriesOut runs a workflow with one step, whose attempts return what do returns.
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

// due is the input of a step with such a story.
func due(cause call.Cause, was, is call.Story) activities.StepInput {
	return activities.StepInput{Step: call.Step{Causes: []call.Cause{cause}, Was: was, Is: is}}
}

// unknown is the result for agents of pick-ups who are not in Kustomer.
func unknown(notes ...string) map[string]call.Resolved {
	agents := make(map[string]call.Resolved)
	for _, note := range notes {
		agents[note] = call.Resolved{Unassigned: true}
	}
	return agents
}

func opens(t *testing.T, watching interceptor.WorkerInterceptor, result activities.StepResult) {
	t.Helper()
	carriesOut(t, watching, "CreateConversation", due(call.Rang, call.Story{}, call.Story{}), succeeds(result))
}

func updates(t *testing.T, watching interceptor.WorkerInterceptor, in activities.StepInput, result activities.StepResult) {
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

func TestOpeningIsMeasuredFromFirstWebhook(t *testing.T) {
	m := New()
	rang := call.Story{RangAt: arrival.Add(-time.Minute)} // by the clock of babelforce, whose webhook was late
	carriesOut(t, m.Steps(800), "CreateConversation", due(call.Rang, call.Story{}, rang), func(attempt int32) (activities.StepResult, error) {
		if attempt < 3 {
			return activities.StepResult{}, temporal.NewApplicationError("503", activities.Unavailable)
		}
		return activities.StepResult{Conversation: isOpen, At: arrival.Add(5 * time.Second)}, nil
	})
	text := scrape(t, m)
	require.Contains(t, text, "callthread_ring_to_conversation_seconds_sum 5\n")
	require.Contains(t, text, "callthread_ring_to_conversation_seconds_count 1\n")
	require.Contains(t, text, `callthread_step_attempts_total{result="KustomerUnavailable",step="CreateConversation"} 2`)
	require.Contains(t, text, `callthread_step_attempts_total{result="done",step="CreateConversation"} 1`)
}

func TestOpeningIsNotMeasuredWithoutConversation(t *testing.T) {
	m := New()
	opens(t, m.Steps(800), activities.StepResult{At: arrival})
	require.Contains(t, scrape(t, m), "callthread_ring_to_conversation_seconds_count 0\n")
}

func TestLatencyIsNeverNegative(t *testing.T) {
	m := New()
	opens(t, m.Steps(800), activities.StepResult{Conversation: isOpen, At: arrival.Add(-time.Second)})
	require.Contains(t, scrape(t, m), "callthread_ring_to_conversation_seconds_sum 0\n")
}

func TestHandOverIsMeasuredFromPickUp(t *testing.T) {
	since := arrival.Add(10 * time.Second)
	first, next := call.PickUp{Note: "bridged", ReceivedAt: arrival}, call.PickUp{Note: "bridged-2", ReceivedAt: since}
	only, inferred := call.PickUp{Note: "bridged", ReceivedAt: since}, call.PickUp{Note: "answered", Inferred: true}
	story := func(pickUps ...call.PickUp) call.Story { return call.Story{RangAt: since, PickUps: pickUps} }
	deleted, openedLater := isOpen, isOpen
	deleted.Deleted, openedLater.OpenedAt = true, since
	for name, c := range map[string]struct {
		in       activities.StepInput
		opened   activities.Conversation
		left     activities.Conversation
		measured int
	}{
		"the first agent":                     {due(call.PickedUp, story(), story(only)), isOpen, isOpen, 1},
		"the next agent":                      {due(call.PickedUp, story(first), story(first, next)), isOpen, isOpen, 1},
		"the conversation was opened later":   {due(call.PickedUp, story(), story(first)), openedLater, openedLater, 1},
		"an unreported pick-up":               {due(call.PickedUp, story(), story(inferred)), isOpen, isOpen, 0},
		"a conversation people deleted":       {due(call.PickedUp, story(), story(only)), isOpen, deleted, 0},
		"the agent was identified after that": {due(call.AgentIdentified, story(only), story(only)), isOpen, isOpen, 0},
		"the outcome":                         {due(call.Ended, story(only), closed(call.Answered)), isOpen, isOpen, 0},
	} {
		t.Run(name, func(t *testing.T) {
			m := New()
			c.in.Conversation = c.opened
			updates(t, m.Steps(800), c.in, activities.StepResult{At: since.Add(250 * time.Millisecond), Conversation: c.left})
			text := scrape(t, m)
			require.Contains(t, text, fmt.Sprintf("callthread_bridge_to_update_seconds_sum %v\n", 0.25*float64(c.measured)))
			require.Contains(t, text, fmt.Sprintf("callthread_bridge_to_update_seconds_count %d\n", c.measured))
		})
	}
}

func TestIgnoredCallsAreCounted(t *testing.T) {
	m := New()
	watching := m.Steps(800)
	require.Contains(t, scrape(t, m), "callthread_calls_ignored_total 0\n")
	opens(t, watching, activities.StepResult{Ignored: true})
	opens(t, watching, activities.StepResult{})
	require.Contains(t, scrape(t, m), "callthread_calls_ignored_total 1\n")
}

// After an outage, one step handles everything that was delayed.
func TestStepOfSeveralCausesCountsForEach(t *testing.T) {
	m := New()
	since := arrival.Add(10 * time.Second)
	is := closed(call.Answered)
	is.PickUps = []call.PickUp{{Note: "bridged", ReceivedAt: arrival}, {Note: "bridged-2", ReceivedAt: since}}
	in := due(call.PickedUp, call.Story{}, is)
	in.Causes = append(in.Causes, call.Ended)
	in.Conversation = isOpen
	in.Conversation.OpenedAt = arrival.Add(4 * time.Second)
	updates(t, m.Steps(800), in, activities.StepResult{At: since.Add(time.Second), Conversation: isOpen, Agents: unknown("bridged", "bridged-2")})
	text := scrape(t, m)
	for _, line := range []string{
		"callthread_bridge_to_update_seconds_count 2",
		"callthread_bridge_to_update_seconds_sum 8", // of the first one, from when the conversation was opened
		`callthread_calls_total{direction="in",outcome="answered"} 1`,
		"callthread_calls_unassigned_total 2",
		`callthread_step_attempts_total{result="done",step="UpdateConversation"} 1`,
	} {
		require.Contains(t, text, line+"\n")
	}
}

// closed is the story of a call with this outcome.
func closed(outcome call.Outcome) call.Story {
	return call.Story{Closing: &call.Closing{Facts: call.Facts{Outcome: outcome}}}
}

func TestCorrectedOutcomeCountsOnce(t *testing.T) {
	m := New()
	watching := m.Steps(800)
	outbound := closed(call.Answered)
	outbound.Closing.Facts.Outgoing = true
	recorded := closed(call.Answered)
	recorded.Recordings = []call.RecordingNote{{Note: "recorded"}}
	for _, in := range []activities.StepInput{
		due(call.Ended, call.Story{}, closed(call.NoAgent)), due(call.Ended, closed(call.NoAgent), closed(call.Answered)),
		due(call.Ended, call.Story{}, outbound), due(call.RecordingAvailable, closed(call.Answered), recorded),
		due(call.PickedUp, call.Story{}, call.Story{PickUps: []call.PickUp{{Note: "bridged", ReceivedAt: arrival}}}),
	} {
		updates(t, watching, in, activities.StepResult{At: arrival, Conversation: isOpen})
	}
	text := scrape(t, m)
	for _, line := range []string{
		`callthread_calls_total{direction="in",outcome="no_agent"} 1`,
		`callthread_calls_total{direction="in",outcome="answered"} 0`,
		`callthread_calls_total{direction="out",outcome="answered"} 1`,
	} {
		require.Contains(t, text, line+"\n")
	}
}

func TestWarningsAreCounted(t *testing.T) {
	m := New()
	watching := m.Steps(700)
	// An unknown agent is counted when the agent picks up, and not for an outbound call.
	placer := call.Resolved{Unassigned: true}
	opens(t, watching, activities.StepResult{Warnings: []string{"a part was left out", "and another"}, Placer: placer})
	outbound := call.Story{Opening: call.Facts{Outgoing: true}}
	updates(t, watching, due(call.AgentIdentified, outbound, outbound), activities.StepResult{At: arrival, Placer: placer})
	handedOver := due(call.PickedUp, call.Story{}, call.Story{PickUps: []call.PickUp{{Note: "bridged", ReceivedAt: arrival}}})
	updates(t, watching, handedOver, activities.StepResult{At: arrival, Agents: unknown("bridged"), Placer: placer})
	updates(t, watching, handedOver, activities.StepResult{At: arrival, Agents: map[string]call.Resolved{"bridged": {User: "somebody"}}})
	identified := due(call.CustomerIdentified, call.Story{}, call.Story{})
	updates(t, watching, identified, activities.StepResult{Warnings: []string{"kept"}})
	carriesOut(t, watching, "UpdateConversation", handedOver, func(int32) (struct{}, error) {
		return struct{}{}, temporal.NewNonRetryableApplicationError("no", activities.Refused, nil)
	})
	carriesOut(t, watching, "UpdateConversation", handedOver, func(int32) (struct{}, error) {
		return struct{}{}, temporal.NewNonRetryableApplicationError("a panic", "of +493055512399", errors.New("boom"))
	})
	text := scrape(t, m)
	for _, line := range []string{
		`callthread_warnings_total{step="CreateConversation"} 2`,
		`callthread_warnings_total{step="UpdateConversation"} 1`,
		`callthread_calls_unassigned_total 1`,
		`callthread_step_attempts_total{result="KustomerRefused",step="UpdateConversation"} 1`,
		`callthread_step_attempts_total{result="other",step="UpdateConversation"} 1`,
		`callthread_kustomer_budget 700`,
	} {
		require.Contains(t, text, line+"\n")
	}
}

// A label with a new value for each call would fill Prometheus and reveal who called.
func TestLabelsHaveNoPersonalData(t *testing.T) {
	const phone = "+493055512399"
	m := New()
	watching, webhook := m.Steps(800), m.Webhooks()
	play := func(n int) {
		facts := call.Facts{
			Key: fmt.Sprint("key-", n), Leg: call.Leg{From: phone + fmt.Sprint(n)}, Outcome: call.Answered,
			Agent: call.Agent{ID: fmt.Sprint("agent-", n), Name: "Marked Name"}, Queue: call.Queue{Name: fmt.Sprint("queue-", n)},
		}
		webhook("call-bridged", 202, true, time.Second)
		m.Kustomer(kustomer.Exchange{Op: "find customer", Method: phone, Route: "/v1/customers/phone=" + phone, Status: 200, RateLimit: 1000, RateLimitRemaining: n})
		opened := activities.Conversation{ID: fmt.Sprint("conversation-", n)}
		story := call.Story{Opening: facts}
		carriesOut(t, watching, "CreateConversation", due(call.Rang, call.Story{}, story), succeeds(activities.StepResult{
			Conversation: opened, At: arrival, Warnings: []string{"attribute of " + phone},
		}))
		story.PickUps = []call.PickUp{{Note: "bridged", Facts: facts, ReceivedAt: arrival}}
		updates(t, watching, due(call.PickedUp, call.Story{}, story), activities.StepResult{At: arrival, Conversation: opened, Agents: unknown("bridged")})
		story.Closing = &call.Closing{Facts: facts}
		updates(t, watching, due(call.Ended, call.Story{}, story), activities.StepResult{At: arrival, Conversation: opened})
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
					if family.GetName() == "callthread_build_info" {
						continue // about the program alone
					}
					require.Contains(t, []string{"direction", "event", "field", "operation", "outcome", "result", "status", "step", "verdict"}, label.GetName(), "a new label: does it identify the caller?")
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

func TestDifferencesOfShadowsAreCounted(t *testing.T) {
	m := New()
	m.InShadow()
	watching := m.Steps(200)
	for _, compared := range []activities.VendorComparison{
		{Verdict: activities.VerdictSeveral, Found: make([]activities.Found, 2)},
		{Verdict: activities.VerdictOne, Notes: 2, Found: []activities.Found{{Assignees: activities.Different, Tags: activities.Unknown, Status: activities.Same, Notes: 1}}},
		{Verdict: activities.VerdictOne, Notes: 2, Found: []activities.Found{{Assignees: activities.Same, Tags: activities.Same, Status: activities.Same, Notes: -1}}},
	} {
		carriesOut(t, watching, "CompareWithVendor", activities.VendorInput{}, succeeds(compared))
	}
	text := scrape(t, m)
	for _, line := range []string{
		`compared_calls_total{verdict="one"} 2`, `compared_calls_total{verdict="several"} 1`, `compared_calls_total{verdict="none"} 0`,
		`differences_total{field="assignees"} 1`, `differences_total{field="notes"} 1`, `differences_total{field="tags"} 0`,
	} {
		require.Contains(t, text, "callthread_shadow_vendor_"+line+"\n")
	}
}
