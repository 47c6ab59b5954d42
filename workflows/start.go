package workflows

import (
	"strings"
	"time"

	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/temporal"

	"github.com/callthread/callthread/activities"
	"github.com/callthread/callthread/call"
)

// StartOptions returns the options that start a call's workflow for its first event. They
// contain no name and no number, because ids, summaries and search attributes are never
// encrypted.
func StartOptions(event call.Event, taskQueue string) client.StartWorkflowOptions {
	summary, began, attributes := "Inbound call of ", event.ReceivedAt, []temporal.SearchAttributeUpdate{
		CallPhase.ValueSet(string(Ringing)),
		WaitsFor.ValueSet(string(call.WaitsForAgent)),
		CallDirection.ValueSet(event.Direction()),
	}
	if event.IsOutgoing() {
		summary = "Outbound call of "
	}
	options := client.StartWorkflowOptions{
		ID:        WorkflowID(event.Leg.Key()),
		TaskQueue: taskQueue,
		// One call is one workflow until Temporal deletes it.
		WorkflowIDReusePolicy: enumspb.WORKFLOW_ID_REUSE_POLICY_REJECT_DUPLICATE,
		StaticDetails:         strings.ReplaceAll(howToRead, "<call>", event.Leg.Key()),
	}
	suffix := ""
	if event.FromLog {
		began, suffix = event.At(), ", from babelforce's call log"
		attributes = append(attributes, CallMarks.ValueSet([]string{MarkFromLog}))
		options.Priority = temporal.Priority{PriorityKey: activities.PriorityCatchUp}
	}
	options.StaticSummary = summary + began.UTC().Format(time.DateTime) + " UTC" + suffix
	options.TypedSearchAttributes = temporal.NewSearchAttributes(attributes...)
	return options
}

// howToRead is the static details of every run, in Markdown. The Web UI does not show the
// last line, so it is empty.
const howToRead = `**Current Details** is the log of the call. Its last line says what the call waits for, or how it ended.

**Parked?** The log says what Kustomer refused. Correct the cause, then decide:

- ` + "`starter retry <call>`" + ` tries the step again
- ` + "`starter amend <call> --set field=value`" + ` tries it with other values
- ` + "`starter skip <call>`" + ` continues without it

` + "\u00a0"
