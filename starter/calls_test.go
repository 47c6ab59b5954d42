package main

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"github.com/urfave/cli/v2"
	enumspb "go.temporal.io/api/enums/v1"
)

var ring = time.Date(2026, time.March, 4, 9, 30, 0, 0, time.UTC)

// fourCalls has one call of each kind, in the order of Temporal's workflow list: running ones first.
func fourCalls(t *testing.T) *fakeTemporal {
	t.Helper()
	f := newTemporal(t, []string{"call/parked", "call/rings"}, []string{"call/over", "call/killed"})
	f.finds, f.count = "WorkflowType = 'CallWorkflow' AND WorkflowId STARTS_WITH 'call/'", 4
	f.calls["call/parked"] = &fakeCall{started: ring, listed: map[string]string{"CallPhase": "parked", "WaitsFor": "operator", "CallDirection": "in", "ParkedBecause": refusal}}
	f.calls["call/rings"] = &fakeCall{started: ring.Add(3 * time.Minute), listed: map[string]string{"CallPhase": "ringing", "WaitsFor": "agent", "CallDirection": "in"}}
	f.calls["call/over"] = &fakeCall{started: ring.Add(2 * time.Minute), ended: enumspb.WORKFLOW_EXECUTION_STATUS_COMPLETED, listed: map[string]string{
		"CallPhase": "finished", "CallOutcome": "answered", "CallDirection": "out", "AgentId": "4711", "QueueName": "Support\n\x1b[31m2", "KustomerConversationId": conversation,
	}}
	f.calls["call/killed"] = &fakeCall{started: ring.Add(time.Minute), ended: enumspb.WORKFLOW_EXECUTION_STATUS_TERMINATED, listed: map[string]string{"CallPhase": "bridged", "WaitsFor": "end", "CallDirection": "in"}}
	return f
}

func TestCallsAreListedNewestFirst(t *testing.T) {
	fourCalls(t)
	printed, err := starts(t, "calls")
	require.NoError(t, err)
	require.Equal(t, strings.Join([]string{
		"CALL    STARTED               PHASE                 WAITS FOR  OUTCOME   WAY  AGENT  QUEUE          CONVERSATION",
		"rings   2026-03-04T09:33:00Z  ringing               agent      –         in   –      –              –",
		"over    2026-03-04T09:32:00Z  finished              –          answered  out  4711   Support [31m2  2b7e0000000000000000beef",
		"killed  2026-03-04T09:31:00Z  bridged (terminated)  –          –         in   –      –              –",
		"parked  2026-03-04T09:30:00Z  parked                operator   –         in   –      –              –  " + refusal,
		"",
	}, "\n"), printed)
}

func TestLastLineCountsCallsNotShown(t *testing.T) {
	fourCalls(t)
	printed, err := starts(t, "calls", "--limit", "3")
	require.NoError(t, err)
	require.NotContains(t, printed, "killed")
	require.True(t, strings.HasSuffix(printed, "\n\n1 more are not shown: raise --limit, or add filters (see --help)\n"), printed)

	printed, err = starts(t, "calls", "--limit", "4")
	require.NoError(t, err)
	require.NotContains(t, printed, "not shown")
}

func TestCallsArePrintedAsJSON(t *testing.T) {
	fourCalls(t)
	printed, err := starts(t, "calls", "--json")
	require.NoError(t, err)
	var those []map[string]any
	require.NoError(t, json.Unmarshal([]byte(printed), &those))
	require.Len(t, those, 4)
	require.Equal(t, map[string]any{
		"callId": "over", "workflowId": "call/over", "runId": "run-of-call/over", "startedAt": "2026-03-04T09:32:00Z", "endedAt": "2026-03-04T09:34:00Z",
		"run": "completed", "phase": "finished", "outcome": "answered", "direction": "out", "agentId": "4711", "queueName": "Support\n\x1b[31m2",
		"conversationId": conversation, "reason": "",
	}, those[1])
	require.NotContains(t, those[0], "endedAt", "it is not over")
}

func TestFiltersBecomeOneQuery(t *testing.T) {
	for flags, query := range map[string]string{
		"--phase parked --running":                   "CallPhase = 'parked' AND ExecutionStatus = 'Running'",
		"--outcome abandoned --agent 1":              "CallOutcome IN ('abandoned_in_queue', 'abandoned_in_flow') AND AgentId = '1'",
		"--outcome no_agent --direction in":          "CallOutcome = 'no_agent' AND CallDirection = 'in'",
		"--agent 4711 --since 2026-11-23":            "AgentId = '4711' AND StartTime >= '2026-11-23T00:00:00Z'",
		"--since 2026-11-23T09:00:00+02:00":          "StartTime >= '2026-11-23T07:00:00Z'",
		"--queue O'Brien'OR''='":                     "QueueName = 'O''Brien''OR''''='''",
		"--waits-for kustomer":                       "WaitsFor = 'kustomer' AND ExecutionStatus = 'Running'",
		"--agent=":                                   "AgentId = ''",
		"--ignored --direction in":                   "CallDirection = 'in' AND CallMarks = 'ignored'",
		"--queue x_AND_CallPhase=parked":             "QueueName = 'x_AND_CallPhase=parked'",
		"--direction out --queue Überlauf --limit 1": "CallDirection = 'out' AND QueueName = 'Überlauf'",
	} {
		f := newTemporal(t)
		f.finds = "WorkflowType = 'CallWorkflow' AND WorkflowId STARTS_WITH 'call/' AND " + query
		f.lists = noQueues
		printed, err := starts(t, append([]string{"calls"}, strings.Fields(flags)...)...)
		require.NoError(t, err, flags)
		require.Contains(t, printed, "knows no call with ")
	}
}

// queued is the query for calls that went through a queue.
const queued = "WorkflowType = 'CallWorkflow' AND QueueName IS NOT NULL"

var noQueues = map[string][]string{queued: nil}

func TestEmptyListNamesTheQuery(t *testing.T) {
	for flags, says := range map[string]string{
		"": "knows no call",
		"--outcome abandoned --since 2026-11-23 --running": "knows no call with outcome abandoned, since 2026-11-23T00:00:00Z, running",
		"--waits-for kustomer":                             "knows no call with waits-for kustomer, running",
		"--ignored":                                        "knows no call with ignored",
		"--queue support":                                  "knows no call with queue support, and none that went through a queue",
	} {
		f := newTemporal(t)
		f.lists = map[string][]string{queued: nil}
		query, err := queryOf(t, flags)
		require.NoError(t, err)
		f.lists[query] = nil
		printed, err := starts(t, append([]string{"calls"}, strings.Fields(flags)...)...)
		require.NoError(t, err, flags)
		require.Regexp(t, `^Temporal at 127\.0\.0\.1:\d+, namespace default, `+says+"\n$", printed)

		printed, err = starts(t, append([]string{"calls", "--json"}, strings.Fields(flags)...)...)
		require.NoError(t, err, flags)
		require.Equal(t, "[]\n", printed)
	}
}

// queryOf returns the query that the flags send to Temporal.
func queryOf(t *testing.T, flags string) (query string, err error) {
	t.Helper()
	app := cli.NewApp()
	app.Flags = filterFlags()
	app.Action = func(c *cli.Context) error {
		filter, err := filterQuery(c, ring)
		query = filter.String()
		return err
	}
	err = app.Run(append([]string{"calls"}, strings.Fields(flags)...))
	return query, err
}

// Temporal compares names exactly, but operators may not remember the case.
func TestQueueIsFoundInAnyCase(t *testing.T) {
	f := fourCalls(t)
	f.lists = map[string][]string{
		"WorkflowType = 'CallWorkflow' AND WorkflowId STARTS_WITH 'call/' AND QueueName = 'support'": nil,
		queued: {"call/over"},
		queued + " AND QueueName NOT IN ('Support')":                                                               {"call/other"},
		queued + " AND QueueName NOT IN ('Support', 'Sales')":                                                      {"call/third"},
		queued + " AND QueueName NOT IN ('Support', 'Sales', 'SUPPORT')":                                           nil,
		"WorkflowType = 'CallWorkflow' AND WorkflowId STARTS_WITH 'call/' AND QueueName IN ('SUPPORT', 'Support')": {"call/over", "call/third"},
		"WorkflowType = 'CallWorkflow' AND WorkflowId STARTS_WITH 'call/' AND QueueName = 'suport'":                nil,
		"WorkflowType = 'CallWorkflow' AND WorkflowId STARTS_WITH 'call/' AND QueueName = 'sales'":                 nil,
		"WorkflowType = 'CallWorkflow' AND WorkflowId STARTS_WITH 'call/' AND QueueName = 'Sales'":                 {"call/other"},
	}
	for id, queue := range map[string]string{"call/over": "Support", "call/other": "Sales", "call/third": "SUPPORT"} {
		f.calls[id] = &fakeCall{started: ring, listed: map[string]string{"QueueName": queue}}
	}
	printed, err := starts(t, "calls", "--queue", "support")
	require.NoError(t, err)
	require.Regexp(t, `(?s)over .* Support .*third .* SUPPORT `, printed)
	printed, err = starts(t, "calls", "--queue", "sales")
	require.NoError(t, err)
	require.Regexp(t, `(?m)^other .* Sales `, printed)
	printed, err = starts(t, "calls", "--queue", "suport")
	require.NoError(t, err)
	require.Contains(t, printed, "knows no call with queue suport. The queues of all calls are SUPPORT, Sales, Support\n")
}

func TestPausedCallIsListedAsPaused(t *testing.T) {
	f := newTemporal(t, []string{"call/step", "call/run"})
	f.finds = "WorkflowType = 'CallWorkflow' AND WorkflowId STARTS_WITH 'call/'"
	f.calls["call/step"] = &fakeCall{started: ring, pending: pausedStep, listed: map[string]string{"CallPhase": "ringing", "WaitsFor": "kustomer"}}
	f.calls["call/run"] = &fakeCall{started: ring, ended: enumspb.WORKFLOW_EXECUTION_STATUS_PAUSED, listed: map[string]string{"CallPhase": "bridged", "WaitsFor": "end"}}
	printed, err := starts(t, "calls")
	require.NoError(t, err)
	require.Regexp(t, `(?m)^step .* ringing +paused by an operator +–`, printed)
	require.Regexp(t, `(?m)^run .* bridged +paused by an operator +–`, printed)
}

func TestInvalidFilterIsRefused(t *testing.T) {
	for says, flags := range map[string][]string{
		`--phase: there is no phase "park", only ringing, bridged, finished, missed, parked`:  {"--phase", "park"},
		`--outcome: there is no outcome "lost", only answered, after_hours, failed, missed, `: {"--outcome", "lost"},
		`--direction: there is no direction "", only in, out`:                                 {"--direction", ""},
		`--queue: Temporal cannot look for "a \"b\""`:                                         {"--queue", `a "b"`},
		`--agent: Temporal cannot look for "a\\' OR "`:                                        {"--agent", `a\' OR `},
		`--since "yesterday" is neither how long ago (2h, 1d, 1w), nor a date`:                {"--since", "yesterday"},
		`--since "-2h" is neither`:                                                            {"--since=-2h"},
		`--limit must be above 0`:                                                             {"--limit", "0"},
		`unknown command or argument "over"`:                                                  {"over"},
	} {
		_, err := starts(t, append([]string{"calls"}, flags...)...)
		require.ErrorContains(t, err, says)
	}
}

func TestSinceTakesADuration(t *testing.T) {
	for text, ago := range map[string]time.Duration{
		"1h30m": 90 * time.Minute, "0.5h": 30 * time.Minute, "1d": 24 * time.Hour, "1w": 7 * 24 * time.Hour, "1w2d3h": (9*24 + 3) * time.Hour,
	} {
		since, err := parseTime("since", text, ring, time.UTC)
		require.NoError(t, err, text)
		require.Equal(t, ring.Add(-ago), since, text)
	}
}

func TestUnreachableTemporalIsNamed(t *testing.T) {
	for _, command := range [][]string{{"calls"}, {"show", "x"}} {
		_, err := starts(t, command...)
		require.ErrorContains(t, err, "127.0.0.1:1")
	}
}
