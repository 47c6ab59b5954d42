package workflows_test

import (
	"strings"
	"time"

	"go.temporal.io/sdk/interceptor"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/testsuite"
	"go.temporal.io/sdk/workflow"

	"github.com/callthread/callthread/workflows"
)

// observer records what the test environment does not report: the priorities of activities,
// the summaries of timers, the search attributes that are unset, and the current details at
// the end. It can also delay the answers to updates, and make the run look as if it was
// reset.
type observer struct {
	interceptor.WorkerInterceptorBase
	call *callUnderTest
}

func (o *observer) InterceptWorkflow(_ workflow.Context, next interceptor.WorkflowInboundInterceptor) interceptor.WorkflowInboundInterceptor {
	return &observerInbound{interceptor.WorkflowInboundInterceptorBase{Next: next}, o.call}
}

type observerInbound struct {
	interceptor.WorkflowInboundInterceptorBase
	call *callUnderTest
}

func (i *observerInbound) Init(outbound interceptor.WorkflowOutboundInterceptor) error {
	return i.Next.Init(&observerOutbound{interceptor.WorkflowOutboundInterceptorBase{Next: outbound}, i.call})
}

func (i *observerInbound) ExecuteWorkflow(ctx workflow.Context, in *interceptor.ExecuteWorkflowInput) (any, error) {
	defer func() { i.call.log = workflow.GetCurrentDetails(ctx) }()
	return i.Next.ExecuteWorkflow(ctx, in)
}

func (i *observerInbound) ExecuteUpdate(ctx workflow.Context, in *interceptor.UpdateInput) (any, error) {
	answer, err := i.Next.ExecuteUpdate(ctx, in)
	if i.call.answersLate > 0 && err == nil {
		err = workflow.Sleep(ctx, i.call.answersLate)
	}
	return answer, err
}

type observerOutbound struct {
	interceptor.WorkflowOutboundInterceptorBase
	call *callUnderTest
}

func (o *observerOutbound) GetInfo(ctx workflow.Context) *workflow.Info {
	info := *o.Next.GetInfo(ctx)
	if o.call.wasReset {
		info.OriginalRunID = "an earlier run"
	}
	return &info
}

func (o *observerOutbound) ExecuteActivity(ctx workflow.Context, activity string, args ...any) workflow.Future {
	o.call.priorities = append(o.call.priorities, workflow.GetActivityOptions(ctx).Priority.PriorityKey)
	return o.Next.ExecuteActivity(ctx, activity, args...)
}

func (o *observerOutbound) NewTimerWithOptions(ctx workflow.Context, d time.Duration, options workflow.TimerOptions) workflow.Future {
	o.call.timers.next = options.Summary
	defer func() { o.call.timers.next = "" }()
	return o.Next.NewTimerWithOptions(ctx, d, options)
}

func (o *observerOutbound) UpsertTypedSearchAttributes(ctx workflow.Context, updates ...temporal.SearchAttributeUpdate) error {
	const untouched = "untouched"
	var before []temporal.SearchAttributeUpdate
	for _, key := range keywords() {
		before = append(before, key.ValueSet(untouched))
	}
	after := temporal.NewSearchAttributes(append(before, updates...)...)
	is := make(attributes)
	for _, key := range keywords() {
		if value, _ := after.GetKeyword(key); value != untouched {
			is[key] = value
		}
	}
	if marks, written := temporal.NewSearchAttributes(updates...).GetKeywordList(workflows.CallMarks); written {
		o.call.marks = marks
	}
	o.call.listings = append(o.call.listings, listing{workflow.Now(ctx).Sub(began), is})
	return o.Next.UpsertTypedSearchAttributes(ctx, updates...)
}

// keywords returns the search attributes of type Keyword. marks_test.go tests CallMarks.
func keywords() (keys []temporal.SearchAttributeKeyKeyword) {
	for _, attribute := range workflows.SearchAttributes {
		if key, is := attribute.(temporal.SearchAttributeKeyKeyword); is {
			keys = append(keys, key)
		}
	}
	return keys
}

// timers are the timers that a run has started.
type timers struct {
	next string // the summary of the timer that is being started
	set  []string
	// limits are the open timers that limit a wait of the call.
	limits map[string]bool
	// atOnce is the number of open limits at the last change of each moment. The test
	// environment removes a cancelled timer just after the next one is started.
	atOnce map[time.Time]int
}

func (s *timers) watch(env *testsuite.TestWorkflowEnvironment) {
	s.limits, s.atOnce = make(map[string]bool), make(map[time.Time]int)
	env.SetOnTimerScheduledListener(func(id string, _ time.Duration) {
		s.set = append(s.set, s.next)
		if strings.HasPrefix(s.next, "time limit for ") {
			s.limits[id] = true
		}
		s.atOnce[env.Now()] = len(s.limits)
	})
	over := func(id string) {
		delete(s.limits, id)
		s.atOnce[env.Now()] = len(s.limits)
	}
	env.SetOnTimerFiredListener(over)
	env.SetOnTimerCanceledListener(over)
}
