package reconcile

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/testsuite"

	"github.com/callthread/callthread/babelforce"
	"github.com/callthread/callthread/babelforce/calllog"
	"github.com/callthread/callthread/babelforce/sandbox"
	"github.com/callthread/callthread/call"
	"github.com/callthread/callthread/workflows"
)

// given is a signal to a call's workflow.
type given struct {
	id      string
	signal  string
	log     call.FromLog
	options client.StartWorkflowOptions
	input   workflows.CallInput
}

func (f *fakeTemporal) SignalWithStartWorkflow(_ context.Context, id, signal string, arg any, options client.StartWorkflowOptions, _ any, args ...any) (client.WorkflowRun, error) {
	run := f.runs[id]
	if run != nil && run.GetStatus() != enumspb.WORKFLOW_EXECUTION_STATUS_RUNNING && options.WorkflowIDReusePolicy == enumspb.WORKFLOW_ID_REUSE_POLICY_REJECT_DUPLICATE {
		return nil, serviceerror.NewWorkflowExecutionAlreadyStarted("over", "", "")
	}
	f.given = append(f.given, given{id, signal, arg.(call.FromLog), options, args[0].(workflows.CallInput)})
	if f.lost != nil {
		err := f.lost
		f.lost = nil
		return nil, err
	}
	return nil, nil
}

func (f *fakeTemporal) GetWorkflow(_ context.Context, id, runID string) client.WorkflowRun {
	return result{ended: f.results[id]}
}

type result struct {
	client.WorkflowRun
	ended workflows.Ended
}

func (r result) Get(_ context.Context, into any) error {
	*into.(*workflows.Ended) = r.ended
	return nil
}

// answeredCall returns a call in the log on which Amira picked up after ten seconds.
func answeredCall(t *testing.T) (*Activities, *fakeTemporal, *sandbox.Server) {
	t.Helper()
	a, temporal, log := comparing(t, "a")
	log.Agents(babelforce.Agent{ID: amira.ID, Name: "Amira", Email: "amira@example.com", SourceID: "user-of-amira"})
	log.Log(
		sandbox.Row{ID: "ignored", ParentID: "a", SessionID: "session-a", Type: "outbound", Source: "queue", Domain: "internal", State: "no-answer", Created: noon, Finished: noon.Add(8 * time.Second), Logged: noon},
		sandbox.Row{
			ID: "taken", ParentID: "a", SessionID: "session-a", Type: "outbound", Source: "queue", Domain: "internal", State: "completed", FinishReason: "hangup", Logged: noon,
			Created: noon.Add(8 * time.Second), Established: noon.Add(10 * time.Second), Finished: noon.Add(time.Minute), Bridged: &sandbox.Bridged{ID: amira.ID, Name: "Amira", QueueName: "Support"},
		},
	)
	a.TaskQueue = "calls"
	return a, temporal, log
}

var callA = RepairInput{Calls: []Verdict{{CallID: "a", Result: Missed}}}

func repair(t *testing.T, a *Activities, in RepairInput) Repaired {
	t.Helper()
	done, err := a.Repair(t.Context(), in)
	require.NoError(t, err)
	return done
}

func TestMissedCallStartsWithTheWholeLog(t *testing.T) {
	a, temporal, _ := answeredCall(t)
	a.Limits = call.Limits{Settle: time.Second}
	require.Equal(t, []string{"a"}, repair(t, a, RepairInput{Calls: callA.Calls, Status: "done"}).Calls)
	require.Len(t, temporal.given, 1, "no step may see half of a call")
	was := temporal.given[0]
	require.Equal(t, "call/a", was.id)
	require.Equal(t, workflows.SignalLog, was.signal)
	require.Equal(t, "done", was.log.Status)
	require.Equal(t, workflows.CallInput{Key: "a", Limits: a.Limits}, was.input)
	require.Equal(t, "calls", was.options.TaskQueue)
	require.Equal(t, enumspb.WORKFLOW_ID_REUSE_POLICY_REJECT_DUPLICATE, was.options.WorkflowIDReusePolicy)
	require.Positive(t, was.options.Priority.PriorityKey, "calls that ring now go first")

	var kinds []call.Kind
	for _, report := range was.log.Reports {
		require.True(t, report.FromLog)
		require.Equal(t, "a", report.Leg.Key())
		kinds = append(kinds, report.Kind)
	}
	require.Equal(t, []call.Kind{call.Inbound, call.Bridged, call.Finished, call.Finished, call.Finished}, kinds)
	pickUp := was.log.Reports[1]
	require.Equal(t, "taken", pickUp.Leg.ID, "a pick-up is that of the agent's leg")
	require.Equal(t, call.Agent{ID: amira.ID, Name: "Amira", Email: "amira@example.com", SourceID: "user-of-amira"}, pickUp.Agent)
	require.Equal(t, noon.Add(10*time.Second), pickUp.At())
	require.Empty(t, was.log.Reports[0].Leg.FinishReason, "when it rings, its end is not known")
}

func TestRunningRunReceivesTheLog(t *testing.T) {
	a, temporal, _ := answeredCall(t)
	run := temporal.has("a", map[string]any{"CallPhase": "ringing", "WaitsFor": "agent", "AgentId": ""})
	run.Status = enumspb.WORKFLOW_EXECUTION_STATUS_RUNNING
	repair(t, a, callA)
	require.Len(t, temporal.given, 1)
	require.Nil(t, temporal.given[0].input.Earlier)
}

func TestCompletedRunIsContinued(t *testing.T) {
	a, temporal, _ := answeredCall(t)
	temporal.has("a", map[string]any{"CallPhase": "missed", "AgentId": ""})
	ended := workflows.Ended{Carried: workflows.Carried{Record: call.Record{Key: "a"}, Answers: workflows.Answers{CallerHash: "hash"}}}
	temporal.results = map[string]workflows.Ended{"call/a": ended}
	repair(t, a, callA)
	was := temporal.given[0]
	require.Equal(t, &ended.Carried, was.input.Earlier)
	require.Equal(t, enumspb.WORKFLOW_ID_REUSE_POLICY_ALLOW_DUPLICATE, was.options.WorkflowIDReusePolicy)
}

func TestCallWithoutNeedIsNotRepaired(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*fakeTemporal)
		is     Result
	}{
		"reported in between": {func(f *fakeTemporal) { f.has("a", nil) }, Matched},
		"forgotten": {func(f *fakeTemporal) {
			f.has("a", nil).Type.Name = workflows.ForgottenCall
			f.runs["call/a"].Status = enumspb.WORKFLOW_EXECUTION_STATUS_TERMINATED
		}, Forgotten},
		"forgotten, and completed": {func(f *fakeTemporal) { f.has("a", nil).Type.Name = workflows.ForgottenCall }, Forgotten},
		"ended by hand": {func(f *fakeTemporal) {
			f.has("a", map[string]any{"AgentId": ""}).Status = enumspb.WORKFLOW_EXECUTION_STATUS_TERMINATED
		}, Terminated},
		"under the id of another leg": {func(f *fakeTemporal) { f.has("taken", nil) }, Split},
		"its opening was skipped":     {func(f *fakeTemporal) { f.has("a", map[string]any{"CallMarks": []string{"skipped"}}) }, Skipped},
	} {
		t.Run(name, func(t *testing.T) {
			a, temporal, _ := answeredCall(t)
			c.change(temporal)
			done := repair(t, a, callA)
			require.Empty(t, temporal.given)
			require.Empty(t, done.Calls)
			require.Equal(t, c.is, done.Left[0].Result)
		})
	}
}

func TestCallBeyondRetentionIsNotRepaired(t *testing.T) {
	a, temporal, log := answeredCall(t)
	log.Misbehave(sandbox.Faults{ClockOffset: 60 * 24 * time.Hour})
	require.Equal(t, CannotTell, repair(t, a, callA).Left[0].Result)
	require.Empty(t, temporal.given)
}

// forgottenBeforeRepair forgets a call between its judgement and its repair.
type forgottenBeforeRepair struct {
	*fakeTemporal
	asked int
}

func TestForgottenCallIsNotRepaired(t *testing.T) {
	a, temporal, _ := answeredCall(t)
	a.Temporal = &forgottenBeforeRepair{fakeTemporal: temporal}
	require.Equal(t, Forgotten, repair(t, a, callA).Left[0].Result)
	require.Empty(t, temporal.given)
}

func (f *forgottenBeforeRepair) SignalWithStartWorkflow(ctx context.Context, id, signal string, arg any, options client.StartWorkflowOptions, w any, args ...any) (client.WorkflowRun, error) {
	if f.asked++; f.asked == 1 {
		f.has("a", nil).Type.Name = workflows.ForgottenCall
	}
	return f.fakeTemporal.SignalWithStartWorkflow(ctx, id, signal, arg, options, w, args...)
}

// The answer of a repair is lost, so the repair is retried and sends the same signal again.
func TestRepairIsIdempotent(t *testing.T) {
	a, temporal, _ := answeredCall(t)
	temporal.lost = errors.New("the connection broke")
	_, err := a.Repair(t.Context(), callA)
	require.ErrorContains(t, err, "log to call a")
	repair(t, a, callA)
	require.Len(t, temporal.given, 2)
	require.Equal(t, temporal.given[0].log.Reports, temporal.given[1].log.Reports)
	r := call.Record{Key: "a"}
	require.True(t, r.AddFromLog(temporal.given[0].log, noon))
	require.False(t, r.AddFromLog(temporal.given[1].log, noon), "the second changes nothing")
}

func TestRepairResumesAfterAWorkerDied(t *testing.T) {
	a, temporal, _ := answeredCall(t)
	suite := testsuite.WorkflowTestSuite{}
	env := suite.NewTestActivityEnvironment()
	env.RegisterActivity(a)
	env.SetHeartbeatDetails(Repaired{Calls: []string{"first"}, Left: []Verdict{{CallID: "second"}}})
	value, err := env.ExecuteActivity(a.Repair, RepairInput{Calls: []Verdict{{CallID: "first"}, {CallID: "second"}, {CallID: "a"}}})
	require.NoError(t, err)
	var done Repaired
	require.NoError(t, value.Get(&done))
	require.Equal(t, []string{"first", "a"}, done.Calls)
	require.Len(t, temporal.given, 1)
}

func TestUnrepairableCallKeepsNoOtherFromItsRepair(t *testing.T) {
	a, temporal, log := answeredCall(t)
	log.Log(sandbox.Row{ID: "unreadable", Logged: noon}) // without the time of its ring
	broken := Verdict{CallID: "unreadable", Result: Missed}
	done := repair(t, a, RepairInput{Calls: []Verdict{broken, callA.Calls[0]}})
	require.Equal(t, []string{"a"}, done.Calls)
	require.Len(t, temporal.given, 1)
	require.Equal(t, broken, done.Failed[0].Verdict)
	require.Contains(t, done.Failed[0].Problem, "dateCreated")
}

// An answer that would fail every repair ends the attempt.
func TestRefusedCredentialsFailTheRepair(t *testing.T) {
	a, _, log := answeredCall(t)
	log.Misbehave(sandbox.Faults{Every: 1, Status: 403})
	_, err := a.Repair(t.Context(), callA)
	require.Equal(t, calllog.Unauthorized, kindOf(err))
}

func TestHiddenAgentHasTheRowsFields(t *testing.T) {
	for _, status := range []int{404, 403} {
		a, temporal, log := answeredCall(t)
		log.Misbehave(sandbox.Faults{AgentStatus: status})
		repair(t, a, callA)
		require.Equal(t, call.Agent{ID: amira.ID, Name: "Amira"}, temporal.given[0].log.Reports[1].Agent, status)
	}
}

func TestUnreportedSecondPickUpIsFound(t *testing.T) {
	a, temporal, log := answeredCall(t)
	log.Log(sandbox.Row{
		ID: "second", ParentID: "a", SessionID: "session-a", Type: "outbound", Source: "transfer", Domain: "internal", State: "completed", Logged: noon,
		Created: noon.Add(20 * time.Second), Established: noon.Add(30 * time.Second), Finished: noon.Add(time.Minute), Bridged: &sandbox.Bridged{ID: amira.ID},
	})
	temporal.has("a", nil)
	record := call.Record{Key: "a", Started: noon, Limits: call.DefaultLimits}
	log1 := call.FromLog{Reports: []call.Event{
		{Kind: call.Inbound, Leg: call.Leg{ID: "a", CreatedAt: noon}},
		{Kind: call.Bridged, Leg: call.Leg{ID: "taken", ParentID: "a", EstablishedAt: noon.Add(10 * time.Second)}, Agent: call.Agent{ID: amira.ID}},
		{Kind: call.Finished, Leg: call.Leg{ID: "a", CreatedAt: noon, FinishedAt: noon.Add(time.Minute), FinishReason: "hangup"}},
	}}
	record.AddFromLog(log1, noon)
	for step := record.Next(noon.Add(time.Hour)).Step; step != nil; step = record.Next(noon.Add(time.Hour)).Step {
		record.Done(*step, call.Done{Conversation: true, Expects: call.Expects{Finish: true}})
	}
	temporal.results = map[string]workflows.Ended{"call/a": {Carried: workflows.Carried{Record: record}}}
	c := compare(t, a)
	require.Equal(t, map[Result]int{Incomplete: 1}, c.Counts)
	require.Equal(t, NoPickUp, c.Listed[0].Why)
}
