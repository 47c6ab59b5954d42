package operator

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	commonpb "go.temporal.io/api/common/v1"
	enumspb "go.temporal.io/api/enums/v1"
	historypb "go.temporal.io/api/history/v1"
	"go.temporal.io/api/serviceerror"
	workflowpb "go.temporal.io/api/workflow/v1"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/converter"

	"github.com/callthread/callthread/call"
	"github.com/callthread/callthread/internal/codec"
	"github.com/callthread/callthread/workflows"
)

const (
	number  = "+493023125042"
	another = "+493023125043"
)

// histories is a Temporal client with runs, by call id, that have no hash of their caller.
type histories struct {
	client.Client
	runs map[string][]any // history events, or an error instead of the next event
}

func (h *histories) ListWorkflow(context.Context, *workflowservice.ListWorkflowExecutionsRequest) (*workflowservice.ListWorkflowExecutionsResponse, error) {
	answer := &workflowservice.ListWorkflowExecutionsResponse{}
	for id := range h.runs {
		answer.Executions = append(answer.Executions, &workflowpb.WorkflowExecutionInfo{
			Execution: &commonpb.WorkflowExecution{WorkflowId: workflows.WorkflowID(id), RunId: "run-of-" + id},
		})
	}
	return answer, nil
}

func (h *histories) CountWorkflow(context.Context, *workflowservice.CountWorkflowExecutionsRequest) (*workflowservice.CountWorkflowExecutionsResponse, error) {
	return &workflowservice.CountWorkflowExecutionsResponse{}, nil
}

func (h *histories) GetWorkflowHistory(_ context.Context, workflowID, _ string, _ bool, _ enumspb.HistoryEventFilterType) client.HistoryEventIterator {
	return &iterator{slices.Clone(h.runs[workflows.CallKey(workflowID)])}
}

type iterator struct{ left []any }

func (i *iterator) HasNext() bool { return len(i.left) > 0 }

func (i *iterator) Next() (*historypb.HistoryEvent, error) {
	next := i.left[0]
	i.left = i.left[1:]
	if err, failed := next.(error); failed {
		return nil, err
	}
	return next.(*historypb.HistoryEvent), nil
}

// startedWith is the event that starts a run with an input; nil is no input.
func startedWith(t *testing.T, input any) *historypb.HistoryEvent {
	var payloads *commonpb.Payloads
	if input != nil {
		payloads = inClear(t, input)
	}
	return &historypb.HistoryEvent{EventId: 1, Attributes: &historypb.HistoryEvent_WorkflowExecutionStartedEventAttributes{
		WorkflowExecutionStartedEventAttributes: &historypb.WorkflowExecutionStartedEventAttributes{Input: payloads},
	}}
}

// signal is a signal with this input.
func signal(input *commonpb.Payloads) *historypb.HistoryEvent {
	return &historypb.HistoryEvent{EventId: 7, Attributes: &historypb.HistoryEvent_WorkflowExecutionSignaledEventAttributes{
		WorkflowExecutionSignaledEventAttributes: &historypb.WorkflowExecutionSignaledEventAttributes{SignalName: "inbound", Input: input},
	}}
}

func inClear(t *testing.T, value any) *commonpb.Payloads {
	payloads, err := converter.GetDefaultDataConverter().ToPayloads(value)
	require.NoError(t, err)
	return payloads
}

func ringsFrom(from string) *call.Event {
	return &call.Event{Kind: call.Inbound, Leg: call.Leg{ID: "x", From: from}}
}

func finds(t *testing.T, runs map[string][]any) (found []string, unread, err error) {
	t.Helper()
	keys, err := codec.ParseKeys("")
	require.NoError(t, err)
	o := &Operator{Temporal: &histories{runs: runs}, Keys: keys}
	those, unread, err := o.Find(t.Context(), Number{Spellings: []string{number}, Progress: io.Discard})
	for _, c := range those {
		found = append(found, c.CallID)
	}
	slices.Sort(found)
	return found, unread, err
}

// An unreadable run must not make every search fail.
func TestUnreadableRunIsNamedAndOthersAreFound(t *testing.T) {
	its := startedWith(t, workflows.CallInput{Key: "x", First: ringsFrom(number)})
	for name, odd := range map[string]struct {
		events []any
		unread string // the error, empty if the run is read
	}{
		"a signal that is a text":           {[]any{startedWith(t, workflows.CallInput{Key: "odd"}), signal(inClear(t, "x"))}, "event 7 of its history is not an event of a call"},
		"a signal with a number in a field": {[]any{signal(inClear(t, map[string]any{"leg": number}))}, "event 7 of its history is not an event of a call"},
		"a start input that is a list":      {[]any{startedWith(t, []int{1})}, "event 1 of its history is not an event of a call"},
		"a corrupt payload": {[]any{signal(&commonpb.Payloads{Payloads: []*commonpb.Payload{{
			Metadata: map[string][]byte{"encoding": []byte("json/plain")}, Data: []byte(`{"leg":`),
		}}})}, "event 7"},
		"a payload in an unknown encoding": {[]any{signal(&commonpb.Payloads{Payloads: []*commonpb.Payload{{
			Metadata: map[string][]byte{"encoding": []byte("binary/xml")},
		}}})}, "event 7"},
		"a history that Temporal has lost": {[]any{serviceerror.NewDataLoss("corrupt history")}, "its history cannot be read from Temporal"},
		"no start input":                   {[]any{startedWith(t, nil)}, ""},
		"a signal without an input":        {[]any{signal(nil)}, ""},
		"a signal that is null":            {[]any{signal(inClear(t, nil))}, ""},
		"an event of an unknown type":      {[]any{&historypb.HistoryEvent{EventId: 2, EventType: 9999}}, ""},
		"a report of an unknown kind":      {[]any{signal(inClear(t, call.Event{Kind: "hold", Leg: call.Leg{ID: "x"}}))}, ""},
		"an empty history":                 {nil, ""},
		"deleted meanwhile":                {[]any{serviceerror.NewNotFound("workflow not found")}, ""},
		"deleted while it is read":         {[]any{signal(inClear(t, "x")), serviceerror.NewNotFound("workflow not found")}, ""},
		"another's call":                   {[]any{signal(inClear(t, ringsFrom(another)))}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			found, unread, err := finds(t, map[string][]any{"first": {its}, "odd": odd.events, "last": {its}})
			require.NoError(t, err)
			require.Equal(t, []string{"first", "last"}, found)
			if odd.unread == "" {
				require.NoError(t, unread)
				return
			}
			require.ErrorContains(t, unread, "these calls cannot be read and may belong to the number too: odd (run run-of-odd): "+odd.unread)
			require.NotContains(t, unread.Error(), strings.TrimPrefix(number, "+"), "what an event holds is not repeated")
		})
	}
}

func TestPartlyReadableRunIsFound(t *testing.T) {
	found, unread, err := finds(t, map[string][]any{"odd": {signal(inClear(t, "x")), signal(inClear(t, ringsFrom(number)))}})
	require.NoError(t, err)
	require.NoError(t, unread)
	require.Equal(t, []string{"odd"}, found)
}

func TestManyUnreadableRunsAreCounted(t *testing.T) {
	runs := make(map[string][]any)
	for n := range 2 * maxNamed {
		runs[fmt.Sprint("odd-", n)] = []any{signal(inClear(t, "x"))}
	}
	_, unread, err := finds(t, runs)
	require.NoError(t, err)
	require.ErrorContains(t, unread, "; 20 more. ")
	require.Equal(t, maxNamed, strings.Count(unread.Error(), "event 7"))
}

func TestUnavailableTemporalEndsTheSearch(t *testing.T) {
	_, _, err := finds(t, map[string][]any{"x": {serviceerror.NewUnavailable("shard is moving")}})
	var away *serviceerror.Unavailable
	require.True(t, errors.As(err, &away), "%v", err)
}

func TestEmptyResultDoesNotNameTheNumber(t *testing.T) {
	var printed bytes.Buffer
	require.NoError(t, PrintFound(&printed, nil))
	require.Equal(t, "Temporal holds no call of this number.\n", printed.String())
}
