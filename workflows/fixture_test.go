package workflows_test

import (
	"context"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/mock"
	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/interceptor"
	"go.temporal.io/sdk/testsuite"
	"go.temporal.io/sdk/worker"

	"github.com/callthread/callthread/activities"
	"github.com/callthread/callthread/call"
	"github.com/callthread/callthread/workflows"
)

var began = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)

// The events of one call, p, in which agent-1 answers after 10 s and the call ends after 60 s.
var (
	caller = call.Leg{ID: "p", Type: "inbound", Source: "queue", Domain: "external", From: "+4930231250", To: "+4930231251", CreatedAt: began}
	agent1 = call.Agent{ID: "agent-1", SourceID: "user-of-agent-1"}
	agent2 = call.Agent{ID: "agent-2", SourceID: "user-of-agent-2"}

	inbound           = event(call.Inbound, "inbound", caller, call.Agent{})
	bridged           = event(call.Bridged, "bridged", lasting(caller, 10, ""), agent1)
	transferred       = event(call.Bridged, "transferred", lasting(caller, 40, ""), agent2)
	finished          = event(call.Finished, "finished", lasting(caller, 60, "passive-hangup"), call.Agent{})
	hungUp            = event(call.Finished, "hung up", lasting(caller, 30, "hangup"), call.Agent{})
	endedByFlow       = event(call.Finished, "ended by flow", lasting(caller, 30, "system-hangup"), call.Agent{})
	attempt           = call.Leg{ID: "c", ParentID: "p", Type: "outbound", Source: "queue", Domain: "internal", From: "agent's", To: "agent's"}
	attemptEnded      = event(call.Finished, "attempt ended", lasting(attempt, 50, "hangup"), agent1)
	unansweredAttempt = event(call.Finished, "attempt unanswered", lasting(attempt, 0, "system-hangup"), agent2)
)

func event(kind call.Kind, id string, leg call.Leg, agent call.Agent) call.Event {
	e := call.Event{Kind: kind, ID: id, ReceivedAt: began, Leg: leg, Agent: agent}
	if kind == call.Bridged {
		e.Queue = call.Queue{Name: "Support"}
	}
	return e
}

func lasting(leg call.Leg, seconds int, reason string) call.Leg {
	leg.Seconds, leg.FinishReason = &seconds, reason
	return leg
}

// The history's length in a run's first workflow task: the usual one, one whose run was started with a signal,
// and one that was tried before.
const (
	firstTask    = 3
	signalled    = 4
	repeatedTask = 6
)

// callUnderTest plays events against CallWorkflow in the SDK's test environment,
// where time passes as fast as nothing happens, and records its steps.
type callUnderTest struct {
	t     *testing.T
	env   *testsuite.TestWorkflowEnvironment
	input workflows.CallInput
	// signalWithStart delivers every event as a signal, the first with the start.
	signalWithStart bool

	opened     activities.CreateConversationResult
	fails      map[string][]error // by step, one for each attempt until none is left
	answers    map[string]func(*activities.UpdateConversationResult)
	duringStep map[string]func()

	decisions int
	answered  workflows.State // to the last decision

	steps      []string
	priorities []int // of the steps
	created    activities.CreateConversationInput
	updates    []activities.UpdateConversationInput
	moved      activities.MoveConversationInput
	movedHash  string // the caller's, as the move tells
}

func newCall(t *testing.T) *callUnderTest {
	suite := testsuite.WorkflowTestSuite{}
	c := &callUnderTest{
		t: t, env: suite.NewTestWorkflowEnvironment(),
		input:      workflows.CallInput{Key: "p"},
		opened:     activities.CreateConversationResult{ConversationID: "conversation-1", CustomerID: "customer-1", ExpectsFinish: true, OpenedAt: began},
		fails:      make(map[string][]error),
		answers:    make(map[string]func(*activities.UpdateConversationResult)),
		duringStep: make(map[string]func()),
	}
	c.env.SetStartTime(began)
	c.env.SetCurrentHistoryLength(firstTask)
	c.env.SetWorkerOptions(worker.Options{Interceptors: []interceptor.WorkerInterceptor{&overhearing{priorities: &c.priorities}}})
	workflows.Register(c.env, nil)
	var steps *activities.Activities
	c.env.OnActivity(steps.CreateConversation, mock.Anything, mock.Anything).Return(c.create)
	c.env.OnActivity(steps.UpdateConversation, mock.Anything, mock.Anything).Return(c.update)
	c.env.OnActivity(steps.MoveConversation, mock.Anything, mock.Anything).Return(c.move)
	return c
}

func (c *callUnderTest) create(_ context.Context, in activities.CreateConversationInput) (activities.CreateConversationResult, error) {
	c.created = in
	return c.opened, c.carriesOut("create")
}

func (c *callUnderTest) update(_ context.Context, in activities.UpdateConversationInput) (activities.UpdateConversationResult, error) {
	c.updates = append(c.updates, in)
	result := activities.UpdateConversationResult{UpdatedAt: began.Add(30 * time.Millisecond)}
	if in.Event == call.Bridged && in.Facts.Agent.SourceID != "" && !in.KeepAssignee {
		result.AssignedUsers = []string{in.Facts.Agent.SourceID}
	}
	if in.Event == call.Finished {
		result.AddedTags = []string{"call_" + string(in.Facts.Outcome)}
	}
	if answer := c.answers[in.Note]; answer != nil {
		answer(&result)
	}
	return result, c.carriesOut(in.Note)
}

func (c *callUnderTest) move(_ context.Context, in activities.MoveConversationInput) (activities.MoveConversationResult, error) {
	c.moved = in
	return activities.MoveConversationResult{CustomerID: "customer-2", CallerHash: c.movedHash, ConversationURL: "https://crm/moved", MovedAt: began}, c.carriesOut("move")
}

func (c *callUnderTest) carriesOut(step string) error {
	c.steps = append(c.steps, step)
	if meanwhile := c.duringStep[step]; meanwhile != nil {
		meanwhile()
	}
	if failures := c.fails[step]; len(failures) > 0 {
		c.fails[step] = failures[1:]
		return failures[0]
	}
	return nil
}

func (c *callUnderTest) starts(first call.Event) { c.input.First = &first }

func (c *callUnderTest) at(after time.Duration, do func()) { c.env.RegisterDelayedCallback(do, after) }

func (c *callUnderTest) hears(after time.Duration, e call.Event) {
	c.at(after, func() { c.env.SignalWorkflow(string(e.Kind), e) })
}

func (c *callUnderTest) decides(decision string, with ...any) {
	c.decisions++ // updates of one id are carried out once
	c.env.UpdateWorkflow(decision, strconv.Itoa(c.decisions), completedUpdate{c.t, &c.answered}, with...)
}

func (c *callUnderTest) asks() (state workflows.State) {
	value, err := c.env.QueryWorkflow(workflows.QueryState)
	require.NoError(c.t, err)
	require.NoError(c.t, value.Get(&state))
	return state
}

// plays runs the call to its end.
func (c *callUnderTest) plays() (state workflows.State) {
	c.env.ExecuteWorkflow(workflows.CallWorkflow, c.input)
	require.True(c.t, c.env.IsWorkflowCompleted())
	require.NoError(c.t, c.env.GetWorkflowError())
	require.NoError(c.t, c.env.GetWorkflowResult(&state))
	return state
}

func (c *callUnderTest) took() time.Duration { return c.env.Now().Sub(began) }

// completedUpdate wants an update to be answered.
type completedUpdate struct {
	t     *testing.T
	state *workflows.State
}

func (u completedUpdate) Accept()          {}
func (u completedUpdate) Reject(err error) { require.NoError(u.t, err) }
func (u completedUpdate) Complete(result any, err error) {
	require.NoError(u.t, err)
	*u.state = result.(workflows.State)
}

// refusedUpdate wants an update to be refused.
type refusedUpdate struct {
	t   *testing.T
	why string
}

func (u refusedUpdate) Accept()             { require.Fail(u.t, "the update was accepted") }
func (u refusedUpdate) Reject(err error)    { require.ErrorContains(u.t, err, u.why) }
func (u refusedUpdate) Complete(any, error) { require.Fail(u.t, "the update was carried out") }

// permutations lists every order of n things.
func permutations(n int) [][]int {
	if n == 0 {
		return [][]int{nil}
	}
	var all [][]int
	for _, order := range permutations(n - 1) {
		for at := range n {
			all = append(all, append(append(append([]int{}, order[:at]...), n-1), order[at:]...))
		}
	}
	return all
}
