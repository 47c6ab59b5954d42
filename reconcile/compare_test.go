package reconcile

import (
	"context"
	"fmt"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	commonpb "go.temporal.io/api/common/v1"
	enumspb "go.temporal.io/api/enums/v1"
	namespacepb "go.temporal.io/api/namespace/v1"
	"go.temporal.io/api/serviceerror"
	workflowpb "go.temporal.io/api/workflow/v1"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/converter"
	"google.golang.org/grpc"
	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/callthread/callthread/babelforce"
	"github.com/callthread/callthread/babelforce/calllog"
	"github.com/callthread/callthread/babelforce/sandbox"
	"github.com/callthread/callthread/workflows"
)

// fakeTemporal has runs. Its workflow list may lack some of them.
type fakeTemporal struct {
	client.Client
	runs      map[string]*workflowpb.WorkflowExecutionInfo
	unlisted  map[string]bool
	described []string

	given   []given // the signals to workflows
	lost    error   // returned in place of the next answer
	results map[string]workflows.Ended
}

func (f *fakeTemporal) WorkflowService() workflowservice.WorkflowServiceClient {
	return keepsThirtyDays{}
}

type keepsThirtyDays struct {
	workflowservice.WorkflowServiceClient
}

func (keepsThirtyDays) DescribeNamespace(context.Context, *workflowservice.DescribeNamespaceRequest, ...grpc.CallOption) (*workflowservice.DescribeNamespaceResponse, error) {
	return &workflowservice.DescribeNamespaceResponse{Config: &namespacepb.NamespaceConfig{WorkflowExecutionRetentionTtl: durationpb.New(30 * 24 * time.Hour)}}, nil
}

func (f *fakeTemporal) ListWorkflow(context.Context, *workflowservice.ListWorkflowExecutionsRequest) (*workflowservice.ListWorkflowExecutionsResponse, error) {
	page := &workflowservice.ListWorkflowExecutionsResponse{}
	for id, run := range f.runs {
		if !f.unlisted[id] {
			page.Executions = append(page.Executions, run)
		}
	}
	return page, nil
}

func (f *fakeTemporal) DescribeWorkflowExecution(_ context.Context, id, _ string) (*workflowservice.DescribeWorkflowExecutionResponse, error) {
	f.described = append(f.described, id)
	if run := f.runs[id]; run != nil {
		return &workflowservice.DescribeWorkflowExecutionResponse{WorkflowExecutionInfo: run}, nil
	}
	return nil, serviceerror.NewNotFound("no such run")
}

// has adds a completed run with a conversation. The attributes can change that.
func (f *fakeTemporal) has(key string, attributes map[string]any) *workflowpb.WorkflowExecutionInfo {
	fields := map[string]*commonpb.Payload{}
	for name, value := range map[string]any{"CallPhase": "finished", "KustomerConversationId": "c", "AgentId": amira.ID} {
		if _, given := attributes[name]; !given {
			fields[name], _ = converter.GetDefaultDataConverter().ToPayload(value)
		}
	}
	for name, value := range attributes {
		if value != "" {
			fields[name], _ = converter.GetDefaultDataConverter().ToPayload(value)
		}
	}
	id := workflows.WorkflowID(key)
	f.runs[id] = &workflowpb.WorkflowExecutionInfo{
		Execution: &commonpb.WorkflowExecution{WorkflowId: id}, Type: &commonpb.WorkflowType{Name: "CallWorkflow"}, StartTime: timestamppb.New(noon.Add(time.Second)),
		Status: enumspb.WORKFLOW_EXECUTION_STATUS_COMPLETED, SearchAttributes: &commonpb.SearchAttributes{IndexedFields: fields},
	}
	return f.runs[id]
}

// comparing returns the activities at six in the evening, with a log of calls that rang at noon
// and later.
func comparing(t *testing.T, calls ...string) (*Activities, *fakeTemporal, *sandbox.Server) {
	t.Helper()
	log := sandbox.New(sandbox.Config{Token: "static", Now: func() time.Time { return noon.Add(6 * time.Hour) }})
	for n, id := range calls {
		rang := noon.Add(time.Duration(n) * time.Second)
		log.Log(sandbox.Row{
			ID: id, SessionID: "session-" + id, Type: "inbound", Source: "queue", Domain: "external", State: "completed", FinishReason: "hangup",
			From: "+493023125042", Created: rang, Finished: rang.Add(time.Minute), Bridged: &sandbox.Bridged{ID: amira.ID}, Logged: rang,
		})
	}
	web := httptest.NewServer(log)
	t.Cleanup(web.Close)
	reader, err := calllog.New(calllog.Config{BaseURL: web.URL, Credentials: calllog.Credentials{Token: "static"}, Pace: time.Nanosecond})
	require.NoError(t, err)
	temporal := &fakeTemporal{runs: make(map[string]*workflowpb.WorkflowExecutionInfo), unlisted: make(map[string]bool)}
	rules := judging()
	return &Activities{Log: reader, Temporal: temporal, Namespace: "default", Rules: rules, Outbound: func() bool { return false }}, temporal, log
}

func compare(t *testing.T, a *Activities) Comparison {
	t.Helper()
	c, err := a.Compare(t.Context(), Part{Window: Window{noon, noon.Add(time.Hour)}})
	require.NoError(t, err)
	return c
}

func TestListOnlyNarrowsTheSearch(t *testing.T) {
	a, temporal, _ := comparing(t, "listed", "unlisted", "missed")
	temporal.has("listed", nil)
	temporal.has("unlisted", nil)
	temporal.unlisted["call/unlisted"] = true
	c := compare(t, a)
	require.Equal(t, map[Result]int{Matched: 2, Missed: 1}, c.Counts)
	require.ElementsMatch(t, []string{"call/unlisted", "call/missed"}, temporal.described, "what is listed and plain is not asked for again")
}

func TestRunOfAnotherLegIsFound(t *testing.T) {
	a, temporal, log := comparing(t, "root", "other")
	log.Log(sandbox.Row{ID: "child", ParentID: "root", SessionID: "session-root", Type: "outbound", Source: "queue", Domain: "internal", State: "completed", Created: noon, Logged: noon})
	temporal.has("child", nil)
	temporal.has("other", nil)
	c := compare(t, a)
	require.Equal(t, map[Result]int{Split: 1, Matched: 1}, c.Counts)
	require.Equal(t, "call/child", c.Listed[0].Run)
	require.Empty(t, c.WithoutRow)
}

func TestRunWithoutARowIsReported(t *testing.T) {
	a, temporal, log := comparing(t, "a")
	temporal.has("a", nil)
	temporal.has("ghost", nil)
	temporal.has("no leg's id", nil)
	log.Log(sandbox.Row{ID: "no leg's id", Logged: noon}) // the answer is not understood
	temporal.has("earlier", nil).StartTime = timestamppb.New(noon.Add(-time.Minute))
	temporal.has("later", nil).StartTime = timestamppb.New(noon.Add(61 * time.Minute))
	require.Equal(t, []string{"ghost", "no leg's id"}, compare(t, a).WithoutRow)
}

func TestNewestRunOfACallCounts(t *testing.T) {
	a, temporal, _ := comparing(t, "a")
	temporal.has("a", map[string]any{"CallMarks": []string{"joined"}})
	require.Equal(t, 1, compare(t, a).Counts[Joined])
	require.Empty(t, temporal.described, "marks are read from the list")
}

func TestForgottenCallIsNotMissed(t *testing.T) {
	a, temporal, _ := comparing(t, "a")
	buried := temporal.has("a", map[string]any{"KustomerConversationId": ""})
	buried.Type.Name, buried.Status = workflows.ForgottenCall, enumspb.WORKFLOW_EXECUTION_STATUS_TERMINATED
	require.Equal(t, 1, compare(t, a).Counts[Forgotten])
}

func TestUnreadableLogIsAGap(t *testing.T) {
	a, temporal, log := comparing(t, "a", "b", "c", "d")
	for _, key := range []string{"a", "b", "c", "d"} {
		temporal.has(key, nil)
	}
	log.Misbehave(sandbox.Faults{Broken: 2})
	c := compare(t, a)
	require.Len(t, c.Gaps, 1)
	require.NotContains(t, c.String(), "0 missing")
}

func TestOnlyComparedCallsCount(t *testing.T) {
	a, temporal, _ := comparing(t, "mine", "theirs")
	temporal.has("mine", nil)
	temporal.has("theirs", nil)
	a.Compares = func(leg babelforce.Call) bool { return leg.ID == "mine" }
	c := compare(t, a)
	require.Equal(t, 1, c.Calls)
	require.Empty(t, c.WithoutRow, "the other has a row")
}

func TestUnfinishedDayIsComparedUntilNow(t *testing.T) {
	a, temporal, _ := comparing(t, "a")
	temporal.has("a", nil)
	c, err := a.Compare(t.Context(), Part{Window: Window{noon, noon.Add(24 * time.Hour)}})
	require.NoError(t, err)
	require.Equal(t, 1, c.Calls)
	c, err = a.Compare(t.Context(), Part{Window: Window{noon.Add(7 * time.Hour), noon.Add(9 * time.Hour)}})
	require.NoError(t, err)
	require.Zero(t, c.Calls)
	require.Empty(t, c.Gaps)
}

// The legs of a call that lasted longer than the part of the log are requested.
func TestUnreadableCallKeepsNoOtherFromBeingCompared(t *testing.T) {
	a, temporal, log := comparing(t, "a", "long")
	log.Log(sandbox.Row{
		ID: "long", SessionID: "session-long", Type: "inbound", Source: "queue", Domain: "external", State: "completed",
		Created: noon.Add(time.Second), Finished: noon.Add(3 * time.Hour), Bridged: &sandbox.Bridged{ID: amira.ID},
	})
	temporal.has("a", nil)
	temporal.has("long", nil)
	log.Misbehave(sandbox.Faults{Ignores: []string{"sessionId", "parentId"}})
	c := compare(t, a)
	require.Equal(t, map[Result]int{Matched: 1, NotYet: 1}, c.Counts)
	require.Equal(t, Verdict{CallID: "long", Rang: noon.Add(time.Second), Result: NotYet, Why: Unread}, c.Listed[0])
	require.Len(t, c.Gaps, 1)
	require.NotContains(t, c.String(), "0 missing")
}

func TestLatePartCountsOnlyNewProblems(t *testing.T) {
	a, temporal, _ := comparing(t, "matched", "known", "late")
	temporal.has("matched", nil)
	temporal.has("ghost", nil)
	c, err := a.Compare(t.Context(), Part{Window: Window{noon, noon.Add(time.Hour)}, Late: true, Known: []Verdict{{CallID: "known"}}})
	require.NoError(t, err)
	require.Equal(t, map[Result]int{Missed: 1}, c.Counts)
	require.Equal(t, "late", c.Listed[0].CallID)
	require.Empty(t, c.WithoutRow, "the first comparison has listed it")
}

// While a backfill repairs old calls, hundreds of runs begin whose rows are weeks old.
func TestRunsOfRepairsAreNotLookedUp(t *testing.T) {
	a, temporal, log := comparing(t, "a")
	temporal.has("a", nil)
	for n := range maxLookUps + 1 {
		temporal.has(fmt.Sprint("repaired-", n), map[string]any{"CallMarks": []string{workflows.MarkFromLog}})
	}
	before := log.Requests()
	c := compare(t, a)
	require.Empty(t, c.Gaps)
	require.Empty(t, c.WithoutRow)
	require.Less(t, log.Requests()-before, 8)
}

func TestResultsContainNoPersonalData(t *testing.T) {
	a, _, _ := comparing(t, "a", "b")
	c := compare(t, a)
	require.NotContains(t, strings.ReplaceAll(fmt.Sprintf("%+v %s", c, c), " ", ""), "23125042")
}

func TestClockIsTheLogs(t *testing.T) {
	a, _, log := comparing(t, "a")
	log.Misbehave(sandbox.Faults{ClockOffset: -6 * time.Hour})
	clock, err := a.Clock(t.Context())
	require.NoError(t, err)
	require.Equal(t, noon, clock.Now)
	c := compare(t, a)
	require.Zero(t, c.Counts[Missed], "by babelforce's clock it rings only now")
}
