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

// overhearing hears what the test environment does not tell: with which priorities
// steps are asked for, what timers are for, what is taken out of the workflow list,
// and what the Web UI shows in the end. It also holds up the answers to updates, and
// can say that the run was reset.
type overhearing struct {
	interceptor.WorkerInterceptorBase
	call *callUnderTest
}

func (o *overhearing) InterceptWorkflow(_ workflow.Context, next interceptor.WorkflowInboundInterceptor) interceptor.WorkflowInboundInterceptor {
	return &overhearingInbound{interceptor.WorkflowInboundInterceptorBase{Next: next}, o.call}
}

type overhearingInbound struct {
	interceptor.WorkflowInboundInterceptorBase
	call *callUnderTest
}

func (i *overhearingInbound) Init(outbound interceptor.WorkflowOutboundInterceptor) error {
	return i.Next.Init(&overhearingOutbound{interceptor.WorkflowOutboundInterceptorBase{Next: outbound}, i.call})
}

func (i *overhearingInbound) ExecuteWorkflow(ctx workflow.Context, in *interceptor.ExecuteWorkflowInput) (any, error) {
	defer func() { i.call.log = workflow.GetCurrentDetails(ctx) }()
	return i.Next.ExecuteWorkflow(ctx, in)
}

func (i *overhearingInbound) ExecuteUpdate(ctx workflow.Context, in *interceptor.UpdateInput) (any, error) {
	answer, err := i.Next.ExecuteUpdate(ctx, in)
	if i.call.answersLate > 0 && err == nil {
		err = workflow.Sleep(ctx, i.call.answersLate)
	}
	return answer, err
}

type overhearingOutbound struct {
	interceptor.WorkflowOutboundInterceptorBase
	call *callUnderTest
}

func (o *overhearingOutbound) GetInfo(ctx workflow.Context) *workflow.Info {
	info := *o.Next.GetInfo(ctx)
	if o.call.wasReset {
		info.OriginalRunID = "an earlier run"
	}
	return &info
}

func (o *overhearingOutbound) ExecuteActivity(ctx workflow.Context, activity string, args ...any) workflow.Future {
	o.call.priorities = append(o.call.priorities, workflow.GetActivityOptions(ctx).Priority.PriorityKey)
	return o.Next.ExecuteActivity(ctx, activity, args...)
}

func (o *overhearingOutbound) NewTimerWithOptions(ctx workflow.Context, d time.Duration, options workflow.TimerOptions) workflow.Future {
	o.call.timers.next = options.Summary
	defer func() { o.call.timers.next = "" }()
	return o.Next.NewTimerWithOptions(ctx, d, options)
}

func (o *overhearingOutbound) UpsertTypedSearchAttributes(ctx workflow.Context, updates ...temporal.SearchAttributeUpdate) error {
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

// keywords are the search attributes that hold one word; marks are told by tests of their own.
func keywords() (keys []temporal.SearchAttributeKeyKeyword) {
	for _, attribute := range workflows.SearchAttributes {
		if key, is := attribute.(temporal.SearchAttributeKeyKeyword); is {
			keys = append(keys, key)
		}
	}
	return keys
}

// timers are those that a run has set.
type timers struct {
	next string // what the one that is being set is for
	set  []string
	// limits are the open ones that bound what the call waits for.
	limits map[string]bool
	// atOnce is how many of these were left open, by when that changed. The test
	// environment takes a cancelled timer away a moment after the next one is set.
	atOnce map[time.Time]int
}

func (s *timers) watch(env *testsuite.TestWorkflowEnvironment) {
	s.limits, s.atOnce = make(map[string]bool), make(map[time.Time]int)
	env.SetOnTimerScheduledListener(func(id string, _ time.Duration) {
		s.set = append(s.set, s.next)
		if strings.HasPrefix(s.next, "time limit: ") {
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
