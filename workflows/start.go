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

// StartOptions are those of a new call's workflow, by the event that begins it.
// Nothing in them contains a name or a number: ids, summaries and search attributes
// are never encrypted.
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
		// One call is one workflow, for as long as Temporal remembers it.
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

// howToRead stands on the page of every run in the Web UI, in Markdown.
// The Web UI cuts off its last line, which is why that is empty.
const howToRead = `**Current Details** is the log of the call. Its last line says what the call waits for, or what became of it.

**Parked?** The log says what Kustomer has refused. Put that right, then decide:

- ` + "`starter retry <call>`" + ` tries the step again
- ` + "`starter amend <call> --set field=value`" + ` tries it with other values
- ` + "`starter skip <call>`" + ` goes on without it

` + "\u00a0"
