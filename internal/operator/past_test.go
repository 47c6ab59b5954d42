package operator

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	commonpb "go.temporal.io/api/common/v1"
	historypb "go.temporal.io/api/history/v1"
	"go.temporal.io/sdk/converter"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/callthread/callthread/activities"
	"github.com/callthread/callthread/call"
	"github.com/callthread/callthread/workflows"
)

var rangAt = time.Date(2026, 11, 27, 9, 0, 0, 0, time.UTC)

func payloads(t *testing.T, value any) *commonpb.Payloads {
	t.Helper()
	written, err := converter.GetDefaultDataConverter().ToPayloads(value)
	require.NoError(t, err)
	return written
}

func beganWith(t *testing.T, input workflows.CallInput) *historypb.HistoryEvent {
	return &historypb.HistoryEvent{EventTime: timestamppb.New(rangAt), Attributes: &historypb.HistoryEvent_WorkflowExecutionStartedEventAttributes{
		WorkflowExecutionStartedEventAttributes: &historypb.WorkflowExecutionStartedEventAttributes{Input: payloads(t, input)},
	}}
}

func signalled(t *testing.T, name string, value any) *historypb.HistoryEvent {
	return &historypb.HistoryEvent{EventTime: timestamppb.New(rangAt.Add(time.Minute)), Attributes: &historypb.HistoryEvent_WorkflowExecutionSignaledEventAttributes{
		WorkflowExecutionSignaledEventAttributes: &historypb.WorkflowExecutionSignaledEventAttributes{SignalName: name, Input: payloads(t, value)},
	}}
}

// stepDoneIn is the event that completes an activity, a regular or a local one.
func stepDoneIn(t *testing.T, isLocal bool, result activities.StepResult) *historypb.HistoryEvent {
	if isLocal {
		return &historypb.HistoryEvent{Attributes: &historypb.HistoryEvent_MarkerRecordedEventAttributes{
			MarkerRecordedEventAttributes: &historypb.MarkerRecordedEventAttributes{
				MarkerName: "LocalActivity", Details: map[string]*commonpb.Payloads{"result": payloads(t, result)},
			},
		}}
	}
	return &historypb.HistoryEvent{Attributes: &historypb.HistoryEvent_ActivityTaskCompletedEventAttributes{
		ActivityTaskCompletedEventAttributes: &historypb.ActivityTaskCompletedEventAttributes{Result: payloads(t, result)},
	}}
}

func pastOf(t *testing.T, events ...*historypb.HistoryEvent) (past Past) {
	t.Helper()
	for _, event := range events {
		require.NoError(t, past.add(event, converter.GetDefaultDataConverter()))
	}
	return past
}

func reported(kind call.Kind) call.Event {
	return call.Event{Kind: kind, ReceivedAt: rangAt, Leg: call.Leg{ID: "call-1", From: "+493023125042"}}
}

func TestPastHasEventsAndActivityResults(t *testing.T) {
	inbound := reported(call.Inbound)
	past := pastOf(t,
		beganWith(t, workflows.CallInput{Key: "call-1", First: &inbound}),
		stepDoneIn(t, true, activities.StepResult{Automations: "v1", Conversation: activities.Conversation{ID: "c", CustomerID: "u"}}),
		signalled(t, "bridged", reported(call.Bridged)),
		stepDoneIn(t, false, activities.StepResult{Automations: "v2", Agents: map[string]call.Resolved{"bridged": {User: "amira"}}}),
		signalled(t, workflows.SignalLog, call.FromLog{Reports: []call.Event{reported(call.Bridged), reported(call.Finished)}}),
	)
	require.Equal(t, []call.Kind{call.Inbound, call.Bridged, call.Finished}, kindsOf(past.Record))
	require.Equal(t, call.DefaultLimits, past.Record.Limits)
	require.Equal(t, "v1", past.Automations, "that it was opened with")
	require.Equal(t, map[string]call.Resolved{"bridged": {User: "amira"}}, past.Agents)
	require.Equal(t, call.Kustomer{CustomerID: "u", ConversationID: "c"}, past.Names)
}

func TestPastOfASecondRunIsTheWholeCall(t *testing.T) {
	carried := workflows.Carried{Answers: workflows.Answers{Automations: "v1"}, Conversation: activities.Conversation{ID: "c"}}
	carried.Record = call.Record{Key: "call-1", Started: rangAt.Add(-time.Hour)}
	carried.Record.Add(reported(call.Inbound), rangAt)
	carried.Record.Was.PickUps = []call.PickUp{{Note: "bridged", Resolved: call.Resolved{User: "amira"}}}
	past := pastOf(t, beganWith(t, workflows.CallInput{Key: "call-1", Earlier: &carried}), signalled(t, "finished", reported(call.Finished)))
	require.Equal(t, []call.Kind{call.Inbound, call.Finished}, kindsOf(past.Record))
	require.Equal(t, rangAt.Add(-time.Hour), past.Record.Started)
	require.Empty(t, past.Record.Was, "what was written is no part of it")
	require.Equal(t, "v1", past.Automations)
	require.Equal(t, map[string]call.Resolved{"bridged": {User: "amira"}}, past.Agents)
	require.Equal(t, "c", past.Names.ConversationID)
}

func kindsOf(record call.Record) (kinds []call.Kind) {
	for _, report := range record.Reports {
		kinds = append(kinds, report.Kind)
	}
	return kinds
}
