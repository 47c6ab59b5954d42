package call

// WaitsFor is what a call waits for. It is a search attribute, by which operators filter the
// workflow list.
type WaitsFor string

// What a call can wait for.
const (
	WaitsForCustomer    WaitsFor = "customer" // a report that says who calls or is called
	WaitsForAgent       WaitsFor = "agent"    // an agent who picks up
	WaitsForEnd         WaitsFor = "end"
	WaitsForTransfer    WaitsFor = "transfer"     // the next agent of a transferred call, or the end of that leg
	WaitsForLateReports WaitsFor = "late_reports" // reports that arrive after the end of the call
	WaitsForKustomer    WaitsFor = "kustomer"     // a step is in progress
	WaitsForOperator    WaitsFor = "operator"     // to retry, amend or skip a step that Kustomer refused
	WaitsForRecordings  WaitsFor = "recordings"
	WaitsForWrapUp      WaitsFor = "wrap_up"
)

var waitsInWords = map[WaitsFor]string{
	WaitsForCustomer:    "a report that says who the customer is",
	WaitsForAgent:       "an agent to pick up",
	WaitsForEnd:         "the end of the call",
	WaitsForTransfer:    "the end of the call, which was transferred",
	WaitsForLateReports: "late reports",
	WaitsForKustomer:    "Kustomer",
	WaitsForOperator:    "an operator to retry, amend or skip the step",
	WaitsForRecordings:  "recordings of the call",
	WaitsForWrapUp:      "the agent to wrap up",
}

// InWords returns what the call waits for, as operators read it.
func (w WaitsFor) InWords() string { return waitsInWords[w] }

// ListedWaits returns the waits that the workflow list can show. The wait for late reports is
// too short to be shown.
func ListedWaits() []WaitsFor {
	return []WaitsFor{
		WaitsForCustomer, WaitsForAgent, WaitsForEnd, WaitsForTransfer, WaitsForKustomer, WaitsForOperator, WaitsForRecordings, WaitsForWrapUp,
	}
}
