package workflows_test

import (
	"context"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/mock"
	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/interceptor"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/testsuite"
	"go.temporal.io/sdk/worker"

	"github.com/callthread/callthread/activities"
	"github.com/callthread/callthread/call"
	"github.com/callthread/callthread/workflows"
)

var began = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)

// The events of one call, p. Agent-1 answers after 10 s, and the call ends after 60 s.
var (
	caller = call.Leg{ID: "p", Type: "inbound", Source: "queue", Domain: "external", From: "+4930231250", To: "+4930231251", CreatedAt: began}
	agent1 = call.Agent{ID: "agent-1", SourceID: "user-of-agent-1"}
	agent2 = call.Agent{ID: "agent-2", SourceID: "user-of-agent-2"}

	inbound           = event(call.Inbound, caller, call.Agent{})
	bridged           = event(call.Bridged, lasting(caller, 10, ""), agent1)
	transferred       = event(call.Bridged, lasting(caller, 40, ""), agent2)
	finished          = event(call.Finished, lasting(caller, 60, "passive-hangup"), call.Agent{})
	hungUp            = event(call.Finished, lasting(caller, 30, "hangup"), call.Agent{})
	endedByFlow       = event(call.Finished, lasting(caller, 30, "system-hangup"), call.Agent{})
	attempt           = call.Leg{ID: "c", ParentID: "p", Type: "outbound", Source: "queue", Domain: "internal", From: "agent's", To: "agent's"}
	attemptEnded      = event(call.Finished, lasting(attempt, 50, "hangup"), agent1)
	unansweredAttempt = event(call.Finished, lasting(attempt, 0, "system-hangup"), agent2)
)

// event is a report. The leg and the agent identify what it reports.
func event(kind call.Kind, leg call.Leg, agent call.Agent) call.Event {
	e := call.Event{Kind: kind, ReceivedAt: began, Leg: leg, Agent: agent}
	if kind == call.Bridged {
		e.Queue = call.Queue{Name: "Support"}
	}
	return e
}

func lasting(leg call.Leg, seconds int, reason string) call.Leg {
	leg.Seconds, leg.FinishReason = &seconds, reason
	return leg
}

// The history's length in a run's first workflow task: the usual length, the length if the
// run was started with a signal, and the length if the task was tried before.
const (
	firstTask    = 3
	signalled    = 4
	repeatedTask = 6
)

// callUnderTest sends events to CallWorkflow in the SDK's test environment, which skips
// time, and records its steps.
type callUnderTest struct {
	t     *testing.T
	env   *testsuite.TestWorkflowEnvironment
	input workflows.CallInput

	opened     activities.StepResult // the result of the first step
	fails      map[string][]error    // by step, one error per attempt
	away       time.Duration         // how long after the start Kustomer does not answer
	answers    map[string]func(*activities.StepResult)
	duringStep map[string]func()
	wasReset   bool

	decisions int
	answered  workflows.State // the answer to the last decision

	// steps are named after the notes that they write, or after what they do if they write
	// none.
	steps      []string
	locally    []string // the steps that were tried as local activities
	priorities []int    // the priorities of the steps that are regular activities
	created    activities.StepInput
	updates    []activities.StepInput
	listings   []listing
	marks      []workflows.Mark // at the end
	timers     timers
	log        string // as the Web UI shows it at the end
	// answersLate delays the answer to each update.
	answersLate time.Duration
}

func newCall(t *testing.T) *callUnderTest {
	suite := testsuite.WorkflowTestSuite{}
	c := &callUnderTest{
		t: t, env: suite.NewTestWorkflowEnvironment(),
		input: workflows.CallInput{Key: "p"},
		opened: activities.StepResult{
			At: began, Expects: call.Expects{Finish: true},
			Conversation: activities.Conversation{ID: "conversation-1", CustomerID: "customer-1", OpenedAt: began},
		},
		fails:      make(map[string][]error),
		answers:    make(map[string]func(*activities.StepResult)),
		duringStep: make(map[string]func()),
	}
	c.env.SetStartTime(began)
	require.NoError(t, c.env.SetTypedSearchAttributesOnStart(workflows.StartOptions(inbound, "").TypedSearchAttributes))
	c.env.SetCurrentHistoryLength(firstTask)
	c.env.SetWorkerOptions(worker.Options{Interceptors: []interceptor.WorkerInterceptor{&observer{call: c}}})
	c.timers.watch(c.env)
	workflows.Register(c.env, nil)
	var steps *activities.Activities
	c.env.OnActivity(steps.CreateConversation, mock.Anything, mock.Anything).Return(c.create)
	c.env.OnActivity(steps.UpdateConversation, mock.Anything, mock.Anything).Return(c.update)
	return c
}

func (c *callUnderTest) create(ctx context.Context, in activities.StepInput) (activities.StepResult, error) {
	c.created = in
	return c.opened, c.carriesOut(ctx, nameOf(in))
}

func (c *callUnderTest) update(ctx context.Context, in activities.StepInput) (activities.StepResult, error) {
	c.updates = append(c.updates, in)
	result := activities.StepResult{At: began.Add(30 * time.Millisecond), Conversation: in.Conversation}
	is := &result.Conversation
	is.Rev = 0 // not known after a note
	if in.Has(call.CustomerIdentified) {
		is.CustomerID, is.URL = "customer-2", "https://crm/moved"
	}
	resolve(in.Step, &result)
	step := nameOf(in)
	if answer := c.answers[step]; answer != nil {
		answer(&result)
	}
	return result, c.carriesOut(ctx, step)
}

// resolve looks up the agents' users, and assigns the agent who has the call.
func resolve(step call.Step, result *activities.StepResult) {
	result.Agents, result.Placer = make(map[string]call.Resolved), step.Is.Placer
	for _, p := range step.Is.PickUps {
		if step.IsToResolve(p) {
			result.Agents[p.Note] = call.Resolved{User: p.Facts.Agent.SourceID}
		}
	}
	holder, latest := step.Is.Opening.Agent, step.Is.Latest()
	if latest != nil {
		holder = latest.Facts.Agent
	} else if step.Has(call.AgentIdentified) {
		result.Placer = call.Resolved{User: holder.SourceID}
	}
	if (step.Has(call.PickedUp) || step.Has(call.AgentIdentified)) && holder.SourceID != "" {
		result.Conversation.AssignedUsers = []string{holder.SourceID}
	}
}

func (c *callUnderTest) carriesOut(ctx context.Context, step string) error {
	c.steps = append(c.steps, step)
	if activity.GetInfo(ctx).IsLocalActivity {
		c.locally = append(c.locally, step)
	}
	if during := c.duringStep[step]; during != nil {
		during()
	}
	if failures := c.fails[step]; len(failures) > 0 {
		c.fails[step] = failures[1:]
		return failures[0]
	}
	if c.took() < c.away {
		return unavailable(c.away / 8) // the test environment makes ten attempts at most
	}
	return nil
}

// nameOf returns the name of a step: everything that it does.
func nameOf(in activities.StepInput) string {
	var names []string
	for _, cause := range in.Causes {
		switch cause {
		case call.Rang:
			names = append(names, "create")
		case call.PickedUp:
			for _, p := range in.NewPickUps() {
				names = append(names, p.Note)
			}
		case call.CustomerIdentified:
			names = append(names, "move")
		case call.AgentIdentified:
			names = append(names, "identify")
		case call.Ended:
			names = append(names, in.Is.Closing.Note)
		case call.RecordingAvailable:
			for _, recording := range in.Is.Recordings[len(in.Was.Recordings):] {
				names = append(names, recording.Note)
			}
		case call.WrapUpOver:
			names = append(names, string(call.WrappedUp))
		}
	}
	return strings.Join(names, "+")
}

// latest is the pick-up that decides who has the call, in the input of update n.
func (c *callUnderTest) latest(n int) call.PickUp { return *c.updates[n].Is.Latest() }

// pickUp is the only new pick-up of update n.
func (c *callUnderTest) pickUp(n int) call.PickUp {
	require.Len(c.t, c.updates[n].NewPickUps(), 1)
	return c.updates[n].NewPickUps()[0]
}

// closing is the outcome in the input of update n.
func (c *callUnderTest) closing(n int) call.Facts { return c.updates[n].Is.Closing.Facts }

// recording is the last recording in the input of update n.
func (c *callUnderTest) recording(n int) call.RecordingNote { return last(c.updates[n].Is.Recordings) }

// causes are the causes of update n.
func (c *callUnderTest) causes(n int) []call.Cause { return c.updates[n].Causes }

// moved returns the steps that moved the conversation to the customer.
func (c *callUnderTest) moved() (moved []activities.StepInput) {
	for _, in := range c.updates {
		if in.Has(call.CustomerIdentified) {
			moved = append(moved, in)
		}
	}
	return moved
}

func last[T any](list []T) T { return list[len(list)-1] }

func (c *callUnderTest) starts(first call.Event) { c.input.First = &first }

func (c *callUnderTest) at(after time.Duration, do func()) { c.env.RegisterDelayedCallback(do, after) }

// receives sends an event as a signal, or with the start if it is not later.
func (c *callUnderTest) receives(after time.Duration, e call.Event) {
	c.at(after, func() { c.env.SignalWorkflow(string(e.Kind), e) })
}

func (c *callUnderTest) decides(decision string, with ...any) {
	c.decisions++ // updates with the same id are carried out once
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

// listing is one upsert of search attributes.
type listing struct {
	after time.Duration
	is    attributes
}

// attributes are the search attributes that an upsert changes, "" for one that it unsets.
type attributes map[temporal.SearchAttributeKeyKeyword]string

// listed returns the values that a search attribute had, "" for none.
func (c *callUnderTest) listed(key temporal.SearchAttributeKeyKeyword) (values []string) {
	for _, listing := range c.listings {
		if value, ok := listing.is[key]; ok {
			values = append(values, value)
		}
	}
	return values
}

// completedUpdate requires an update to be answered.
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

// refusedUpdate requires an update to be refused.
type refusedUpdate struct {
	t   *testing.T
	why string
}

func (u refusedUpdate) Accept()             { require.Fail(u.t, "the update was accepted") }
func (u refusedUpdate) Reject(err error)    { require.ErrorContains(u.t, err, u.why) }
func (u refusedUpdate) Complete(any, error) { require.Fail(u.t, "the update was carried out") }

// permutations returns every order of n things.
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
