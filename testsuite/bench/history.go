package main

import (
	"context"
	"fmt"
	"strings"

	enumspb "go.temporal.io/api/enums/v1"

	"github.com/callthread/callthread/workflows"
)

// actions are the events that Temporal Cloud bills as one Action each. Search
// attributes given at the start are free, and so is that of a version.
var actions = []enumspb.EventType{
	enumspb.EVENT_TYPE_WORKFLOW_EXECUTION_STARTED,
	enumspb.EVENT_TYPE_WORKFLOW_EXECUTION_SIGNALED,
	enumspb.EVENT_TYPE_WORKFLOW_EXECUTION_UPDATE_ACCEPTED,
	enumspb.EVENT_TYPE_TIMER_STARTED,
	enumspb.EVENT_TYPE_UPSERT_WORKFLOW_SEARCH_ATTRIBUTES,
}

// histories adds to the figures what the histories of calls hold, per call.
func (s *stage) histories(ctx context.Context, calls []*call, into figures) error {
	per := 1 / float64(len(calls))
	for _, c := range calls {
		id := workflows.WorkflowID(c.id)
		described, err := s.temporal.client.DescribeWorkflowExecution(ctx, id, "")
		if err != nil {
			return fmt.Errorf("describe call %s: %w", c.id, err)
		}
		into["history.bytes"] += float64(described.GetWorkflowExecutionInfo().GetHistorySizeBytes()) * per
		events := s.temporal.client.GetWorkflowHistory(ctx, id, "", false, enumspb.HISTORY_EVENT_FILTER_TYPE_ALL_EVENT)
		for events.HasNext() {
			event, err := events.Next()
			if err != nil {
				return fmt.Errorf("read the history of call %s: %w", c.id, err)
			}
			kind := event.GetEventType()
			into["history.events"] += per
			into["event."+kind.String()] += per
			switch {
			case kind == enumspb.EVENT_TYPE_WORKFLOW_TASK_STARTED:
				into["history.workflow_tasks"] += per
			case kind == enumspb.EVENT_TYPE_ACTIVITY_TASK_STARTED: // the last attempt, which says how many there were
				into["history.actions"] += per * float64(event.GetActivityTaskStartedEventAttributes().GetAttempt())
			case kind == enumspb.EVENT_TYPE_UPSERT_WORKFLOW_SEARCH_ATTRIBUTES && isVersion(event.GetUpsertWorkflowSearchAttributesEventAttributes().String()):
			case isAction(kind):
				into["history.actions"] += per
			}
		}
	}
	return nil
}

func isVersion(attributes string) bool { return strings.Contains(attributes, "TemporalChangeVersion") }

func isAction(kind enumspb.EventType) bool {
	for _, action := range actions {
		if kind == action {
			return true
		}
	}
	return false
}

// requests adds how many requests to Kustomer a call takes.
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
