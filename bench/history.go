package main

import (
	"context"
	"fmt"

	enumspb "go.temporal.io/api/enums/v1"
	historypb "go.temporal.io/api/history/v1"

	"github.com/callthread/callthread/workflows"
)

// histories adds the contents of the calls' histories to the figures, per call.
func (s *stage) histories(ctx context.Context, calls []*call, into figures) error {
	of := make(figures) // sums over all calls
	for _, c := range calls {
		id := workflows.WorkflowID(c.id)
		described, err := s.temporal.client.DescribeWorkflowExecution(ctx, id, "")
		if err != nil {
			return fmt.Errorf("describe call %s: %w", c.id, err)
		}
		of["history.bytes"] += float64(described.GetWorkflowExecutionInfo().GetHistorySizeBytes())
		local := make(map[int64]bool) // workflow tasks with local activities, which together are one Action
		events := s.temporal.client.GetWorkflowHistory(ctx, id, "", false, enumspb.HISTORY_EVENT_FILTER_TYPE_ALL_EVENT)
		for events.HasNext() {
			event, err := events.Next()
			if err != nil {
				return fmt.Errorf("read the history of call %s: %w", c.id, err)
			}
			of["history.events"]++
			of["event."+event.GetEventType().String()]++
			of["history.actions"] += actions(event)
			if marker := event.GetMarkerRecordedEventAttributes(); marker.GetMarkerName() == "LocalActivity" && !local[marker.GetWorkflowTaskCompletedEventId()] {
				local[marker.GetWorkflowTaskCompletedEventId()] = true
				of["history.actions"]++
			}
			if event.GetEventType() == enumspb.EVENT_TYPE_WORKFLOW_TASK_STARTED {
				of["history.workflow_tasks"]++
			}
		}
	}
	for name, sum := range of {
		into[name] = sum / float64(len(calls))
	}
	return nil
}

// actions returns what Temporal Cloud bills for an event. Search attributes set at the start are
// free, and so is the one of a version.
func actions(event *historypb.HistoryEvent) float64 {
	switch event.GetEventType() {
	case enumspb.EVENT_TYPE_ACTIVITY_TASK_STARTED: // of the last attempt, which contains the number of attempts
		return float64(event.GetActivityTaskStartedEventAttributes().GetAttempt())
	case enumspb.EVENT_TYPE_UPSERT_WORKFLOW_SEARCH_ATTRIBUTES:
		_, isVersion := event.GetUpsertWorkflowSearchAttributesEventAttributes().GetSearchAttributes().GetIndexedFields()["TemporalChangeVersion"]
		if isVersion {
			return 0
		}
		return 1
	case enumspb.EVENT_TYPE_WORKFLOW_EXECUTION_STARTED, enumspb.EVENT_TYPE_WORKFLOW_EXECUTION_SIGNALED,
		enumspb.EVENT_TYPE_WORKFLOW_EXECUTION_UPDATE_ACCEPTED, enumspb.EVENT_TYPE_TIMER_STARTED:
		return 1
	}
	return 0
}

// requests adds the number of requests to Kustomer per call.
func requests(calls []*call, into figures) {
	var known, unknown, afterwards []float64
	for _, c := range calls {
		if c.known {
			known = append(known, float64(len(c.untilUpdate)))
		} else {
			unknown = append(unknown, float64(len(c.untilUpdate)))
		}
		afterwards = append(afterwards, float64(len(c.afterwards)))
	}
	into["requests.known"], into["requests.new"], into["requests.afterwards"] = mean(known), mean(unknown), mean(afterwards)
}
