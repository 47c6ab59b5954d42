package workflows

import (
	"strings"
	"time"

	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"github.com/callthread/callthread/activities"
	"github.com/callthread/callthread/call"
)

// ShadowStartOptions returns the options that start the workflow of a call in shadow. They
// equal StartOptions except for the workflow id, the summary and the details. TaskQueue is
// the task queue of calls in shadow.
func ShadowStartOptions(event call.Event, taskQueue string) client.StartWorkflowOptions {
	options := StartOptions(event, taskQueue)
	options.ID = ShadowID(event.Leg.Key())
	options.StaticSummary = "Shadow: " + options.StaticSummary
	options.StaticDetails = strings.ReplaceAll(shadowsPage+howToRead, "<call>", options.ID)
	return options
}

// shadowsPage begins the static details of a call in shadow.
const shadowsPage = `**Shadow**: nothing is written to Kustomer for this call. ` + "`starter show <call>`" + ` lists the requests that would be made.

`

// Shadow records what a call in shadow would have written, and what others wrote.
type Shadow struct {
	// Steps are the completed steps, in order.
	Steps []ShadowStep `json:"steps,omitempty"`
	// Vendor is the comparison with conversations that others created in Kustomer. It is
	// nil until the call is over.
	Vendor *activities.VendorComparison `json:"vendor,omitempty"`
}

// ShadowStep is a step and the requests that it would have sent.
type ShadowStep struct {
	Causes   []call.Cause          `json:"causes"`
	At       time.Time             `json:"at"`
	Requests []activities.Withheld `json:"requests,omitempty"`
}

// InWords returns the step as operators read it.
func (s ShadowStep) InWords() string { return call.Step{Causes: s.Causes}.InWords() }

// compareWithin limits the comparison, retries included. Only the report of the shadow
// depends on it.
const compareWithin = time.Hour

// compareWithVendor compares the call with conversations that others created. It receives
// reports that arrive in the meantime.
func (r *run) compareWithVendor(ctx workflow.Context) error {
	options := stepOptions(ctx, r.inMode("compare with what others created"), activities.PriorityCatchUp)
	options = workflow.WithScheduleToCloseTimeout(options, compareWithin)
	future := workflow.ExecuteActivity(options, steps.CompareWithVendor, activities.VendorInput{Story: r.record.Was, Conversation: r.conversation})
	for !future.IsReady() {
		if err := r.next(ctx, future); err != nil {
			return err
		}
	}
	var compared activities.VendorComparison
	err := future.Get(ctx, &compared)
	if temporal.IsCanceledError(err) {
		return err
	}
	if err != nil {
		compared = activities.VendorComparison{Verdict: activities.VerdictNotCompared, Reason: activities.ReasonNoAnswer, Rang: r.record.Was.RangAt}
	}
	r.shadow.Vendor = &compared
	r.log(workflow.Now(ctx), r.inMode("compared with what others created"))
	return nil
}

// withheld records what a step would have written. An earlier comparison is then out of
// date.
func (r *run) withheld(step call.Step, at time.Time, result activities.StepResult) {
	if r.shadow == nil {
		return
	}
	r.shadow.Steps = append(r.shadow.Steps, ShadowStep{Causes: step.Causes, At: at, Requests: result.Withheld})
	r.shadow.Vendor = nil
}

// inMode adds to a text for operators that it is about a shadow.
func (r *run) inMode(text string) string {
	if r.shadow == nil {
		return text
	}
	return "shadow: " + text
}

// name returns the call's name in commands for operators.
func (r *run) name() string {
	return CallKey(CallInput{Key: r.record.Key, Shadow: r.shadow != nil}.workflowID())
}
