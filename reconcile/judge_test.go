package reconcile

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/callthread/callthread/babelforce"
	"github.com/callthread/callthread/babelforce/calllog"
	"github.com/callthread/callthread/call"
	"github.com/callthread/callthread/workflows"
)

var (
	noon  = time.Date(2026, 11, 27, 12, 0, 0, 0, time.UTC)
	amira = babelforce.Agent{ID: "4711"}
)

// judging returns rules at six in the evening.
func judging() Rules {
	return Rules{
		Now: noon.Add(6 * time.Hour), Settle: 20 * time.Minute, Transfer: time.Hour, Longest: 9 * time.Hour, Remembers: 30 * 24 * time.Hour,
		Wants: func(calllog.Row) Wanted { return Wants },
	}
}

// rang returns a call that rang at noon, was answered, and ended two minutes later.
func rang(change ...func(*calllog.Row)) calllog.Row {
	row := calllog.Row{Agent: amira, Call: babelforce.Call{
		ID: "a", SessionID: "s", Type: "inbound", Source: "queue", State: "completed", FinishReason: "hangup",
		DateCreated: noon, DateFinished: noon.Add(2 * time.Minute),
	}}
	for _, f := range change {
		f(&row)
	}
	return row
}

// over returns the run of a call that was answered and is over.
func over(change ...func(*Run)) *Run {
	run := &Run{WorkflowID: "call/a", Status: Completed, Phase: workflows.Finished, AgentID: amira.ID, HasConversation: true}
	for _, f := range change {
		f(run)
	}
	return run
}

func marked(marks ...workflows.Mark) func(*Run) { return func(r *Run) { r.Marks = marks } }

func running(phase workflows.Phase, wait call.WaitsFor) func(*Run) {
	return func(r *Run) { r.Status, r.Phase, r.WaitsFor = Running, phase, wait }
}

func unanswered(r *calllog.Row) { r.Agent = babelforce.Agent{} }

func without(r *Run) { r.HasConversation = false }

func TestEveryCallHasOneResult(t *testing.T) {
	for name, c := range map[string]struct {
		row      calllog.Row
		run      *Run
		result   Result
		why      Why
		attempts Attempts
	}{
		"with a conversation":               {rang(), over(), Matched, "", Attempts{}},
		"answered by someone else too":      {rang(), over(func(r *Run) { r.AgentID = "4712" }), Matched, "", Attempts{}},
		"waits for recordings":              {rang(), over(running(workflows.Finished, call.WaitsForRecordings)), Matched, "", Attempts{}},
		"waits for the agent to wrap up":    {rang(), over(running(workflows.Finished, call.WaitsForWrapUp)), Matched, "", Attempts{}},
		"joined":                            {rang(), over(marked(workflows.MarkJoined)), Joined, "", Attempts{}},
		"joined, agent unknown":             {rang(), over(marked(workflows.MarkJoined, workflows.MarkUnassigned)), Joined, "", Attempts{}},
		"not wanted":                        {rang(), over(without, marked(workflows.MarkNotWanted)), NotWanted, ByTrigger, Attempts{}},
		"ignored":                           {rang(), over(without, marked(workflows.MarkIgnored)), NotWanted, ByTrigger, Attempts{}},
		"a test call":                       {rang(func(r *calllog.Row) { r.Call.Source = "test" }), nil, Test, "", Attempts{}},
		"without a run":                     {rang(), nil, Missed, "", Attempts{}},
		"its run waits for an agent":        {rang(), over(running(workflows.Ringing, call.WaitsForAgent)), Incomplete, NoEnd, Attempts{}},
		"its run waits for the customer":    {rang(), over(without, running(workflows.Ringing, call.WaitsForCustomer)), Incomplete, NoEnd, Attempts{}},
		"its run waits for the end":         {rang(), over(running(workflows.Bridged, call.WaitsForEnd)), Incomplete, NoEnd, Attempts{}},
		"its run waits for a transfer":      {rang(), over(running(workflows.Bridged, call.WaitsForTransfer)), Incomplete, NoEnd, Attempts{}},
		"its next agent talks":              {rang(), over(running(workflows.Bridged, call.WaitsForTransfer)), NotYet, "", Attempts{Lasting: true}},
		"a leg without an end in the log":   {rang(), over(), Matched, "", Attempts{Lasting: true}},
		"its run ended as missed":           {rang(), over(func(r *Run) { r.Phase, r.AgentID = workflows.Missed, "" }), Incomplete, NoPickUp, Attempts{}},
		"no agent picked up":                {rang(func(r *calllog.Row) { r.Agent = babelforce.Agent{} }), over(func(r *Run) { r.AgentID = "" }), Matched, "", Attempts{}},
		"over without a conversation":       {rang(), over(without), Incomplete, NoConversation, Attempts{}},
		"under another leg's id":            {rang(), over(func(r *Run) { r.WorkflowID = "call/b" }), Split, "", Attempts{}},
		"parked":                            {rang(), over(without, running(workflows.Parked, call.WaitsForOperator)), Parked, "", Attempts{}},
		"parked with a conversation":        {rang(), over(running(workflows.Parked, call.WaitsForOperator)), Parked, "", Attempts{}},
		"its opening skipped":               {rang(), over(without, marked(workflows.MarkSkipped)), Skipped, "", Attempts{}},
		"another step skipped":              {rang(), over(marked(workflows.MarkSkipped)), Skipped, "", Attempts{}},
		"ended by hand":                     {rang(), over(func(r *Run) { r.Status = Ended }), Terminated, "", Attempts{}},
		"ended by hand while it was parked": {rang(), over(func(r *Run) { r.Status, r.Phase = Ended, workflows.Parked }), Terminated, "", Attempts{}},
		"a queue rang, the run lacks it":    {rang(unanswered), over(func(r *Run) { r.AgentID, r.Outcome = "", call.AbandonedInFlow }), Incomplete, NoQueue, Attempts{ByQueue: true}},
		"a queue rang, the run has it":      {rang(unanswered), over(func(r *Run) { r.AgentID, r.Outcome = "", call.AbandonedInQueue }), Matched, "", Attempts{ByQueue: true}},
		"last answered by another":          {rang(), over(), Incomplete, NoPickUp, Attempts{Last: babelforce.Agent{ID: "4712"}}},
		"last answered by the one it has":   {rang(func(r *calllog.Row) { r.Agent = babelforce.Agent{ID: "4712"} }), over(), Matched, "", Attempts{Last: amira}},
		"forgotten":                         {rang(), over(func(r *Run) { r.Forgotten, r.Status = true, Ended }), Forgotten, "", Attempts{}},
		"Kustomer away at its opening":      {rang(), over(without, running(workflows.Finished, call.WaitsForKustomer)), NotYet, WaitsKustomer, Attempts{}},
		"Kustomer away at its end":          {rang(), over(running(workflows.Finished, call.WaitsForKustomer)), NotYet, WaitsKustomer, Attempts{}},
	} {
		verdict := judging().Judge(c.row, c.attempts, c.run)
		require.Equal(t, c.result, verdict.Result, name)
		require.Equal(t, c.why, verdict.Why, name)
		require.Equal(t, "a", verdict.CallID, name)
	}
}

func TestCallIsJudgedOnceItIsSettled(t *testing.T) {
	transferred := func(r *calllog.Row) { r.Call.FinishReason = "transferred" }
	lasts := func(r *calllog.Row) { r.Call.State, r.Call.DateFinished = "in-progress", time.Time{} }
	noDate := func(r *calllog.Row) { r.Call.DateFinished, r.Call.Duration = time.Time{}, new(120) }
	for name, c := range map[string]struct {
		row  calllog.Row
		from time.Duration // after noon
	}{
		"ended":                 {rang(), 22 * time.Minute},
		"ended, by its length":  {rang(noDate), 22 * time.Minute},
		"transferred":           {rang(transferred), 82 * time.Minute},
		"never ended":           {rang(lasts), 9 * time.Hour},
		"ended, says its state": {rang(func(r *calllog.Row) { r.Call.DateFinished = time.Time{} }), 20 * time.Minute},
	} {
		rules := judging()
		rules.Now = noon.Add(c.from)
		require.Equal(t, NotYet, rules.Judge(c.row, Attempts{}, nil).Result, name)
		rules.Now = rules.Now.Add(time.Second)
		require.Equal(t, Missed, rules.Judge(c.row, Attempts{}, nil).Result, name)
	}
}

func TestCallBeyondRetentionIsNeverMissed(t *testing.T) {
	rules := judging()
	rules.Remembers = time.Hour
	require.Equal(t, CannotTell, rules.Judge(rang(), Attempts{}, nil).Result)
	require.Equal(t, Matched, rules.Judge(rang(), Attempts{}, over()).Result, "but what it knows it knows")
}

func TestWithoutARunTheFileDecides(t *testing.T) {
	for wanted, result := range map[Wanted]Result{Wants: Missed, WantsNot: NotWanted, Unknown: Undecided} {
		rules := judging()
		rules.Wants = func(calllog.Row) Wanted { return wanted }
		require.Equal(t, result, rules.Judge(rang(), Attempts{}, nil).Result)
		require.Equal(t, Matched, rules.Judge(rang(), Attempts{}, over()).Result)
	}
}

func TestEveryResultIsInTheStatement(t *testing.T) {
	require.Len(t, inWords, len(Results))
	for _, result := range Results {
		require.NotEmpty(t, result.InWords(), result)
	}
}
