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

// ShadowStartOptions are those of a call in shadow, on the task queue of shadows: as of
// the live call, under an id of its own.
func ShadowStartOptions(event call.Event, taskQueue string) client.StartWorkflowOptions {
	options := StartOptions(event, taskQueue)
	options.ID = ShadowID(event.Leg.Key())
	options.StaticSummary = "Shadow: " + options.StaticSummary
	options.StaticDetails = strings.ReplaceAll(shadowsPage+howToRead, "<call>", options.ID)
	return options
}

// shadowsPage stands first on the page of a call in shadow.
const shadowsPage = `**Shadow**: nothing is written to Kustomer for this call. ` + "`starter show <call>`" + ` lists the requests that would be made.

`

// Shadow is what a call in shadow would have done, and what others did instead.
type Shadow struct {
	// Steps are those that were carried out, in order.
	Steps []ShadowStep `json:"steps,omitempty"`
	// Vendor compares with what others created in Kustomer; nil until the call is over.
	Vendor *activities.VendorComparison `json:"vendor,omitempty"`
}

// ShadowStep is a step, and the requests that it would have made.
type ShadowStep struct {
	Causes   []call.Cause          `json:"causes"`
	At       time.Time             `json:"at"`
	Requests []activities.Withheld `json:"requests,omitempty"`
}

// InWords is the step as operators read it.
func (s ShadowStep) InWords() string { return call.Step{Causes: s.Causes}.InWords() }

// compareWithin is how long Kustomer may take to be asked what others created. Nothing
// but the report of the shadow depends on it.
const compareWithin = time.Hour

// compareWithVendor asks what others created for the call. Reports that arrive meanwhile
// are received.
func (r *run) compareWithVendor(ctx workflow.Context) error {
	patient := stepOptions(ctx, r.inMode("compare with what others created"), activities.PriorityCatchUp)
	patient = workflow.WithScheduleToCloseTimeout(patient, compareWithin)
	future := workflow.ExecuteActivity(patient, steps.CompareWithVendor, activities.VendorInput{Story: r.record.Was, Conversation: r.conversation})
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

// withheld keeps what a step would have written. What was compared before is then out of date.
func (r *run) withheld(step call.Step, at time.Time, result activities.StepResult) {
	if r.shadow == nil {
		return
	}
	r.shadow.Steps = append(r.shadow.Steps, ShadowStep{Causes: step.Causes, At: at, Requests: result.Withheld})
	r.shadow.Vendor = nil
}

// inMode says of what operators read that it is about a shadow.
func (r *run) inMode(text string) string {
	if r.shadow == nil {
		return text
	}
	return "shadow: " + text
}

// name is what operators call the call.
func (r *run) name() string {
	return CallKey(CallInput{Key: r.record.Key, Shadow: r.shadow != nil}.workflowID())
}
