package reconcile

import (
	"fmt"
	"time"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"
)

// Backfill is the input of [BackfillWorkflow].
type Backfill struct {
	Window
	// Repair is set to repair the calls that need it, and not only to compare.
	Repair bool `json:"repair,omitempty"`
	// Status is the status of conversations that a repair opens. If it is empty, the automations
	// file decides.
	Status string `json:"status,omitempty"`
	// BeforeLive allows repairs of calls that rang before Callthread went live.
	BeforeLive bool `json:"beforeLive,omitempty"`
	// Earlier is the progress of the earlier runs of a long backfill. The workflow sets it.
	Earlier *Progress `json:"earlier,omitempty"`
}

// BeforeLive is the type of the error that refuses repairs of calls from before Callthread went live.
const BeforeLive = "BeforeLive"

// BackfillID returns the workflow id of a backfill, given the task queue of calls. A window is
// compared, and repaired, only once at a time.
func (b Backfill) BackfillID(calls string) string {
	kind := "-compare/"
	if b.Repair {
		kind = "-repair/"
	}
	return calls + kind + b.From.UTC().Format(time.RFC3339) + "/" + b.To.UTC().Format(time.RFC3339)
}

// QueryProgress is the query that returns the [Progress] of a backfill.
const QueryProgress = "progress"

// Progress is the progress of a backfill.
type Progress struct {
	// Found is the result of the comparison before any repair.
	Found Comparison `json:"found"`
	// ToRepair is the number of calls that need a repair.
	ToRepair int `json:"toRepair"`
	// Takes is the estimated duration of these repairs. New calls keep most of Kustomer's budget.
	Takes time.Duration `json:"takes"`
	// Repaired is the number of calls that were repaired, and Held of those that could not be.
	Repaired int `json:"repaired"`
	Held     int `json:"held"`
	// Until is the time before which all calls are compared or, while repairs run, repaired.
	Until time.Time `json:"until,omitzero"`
	// Repairs is set once all calls are compared.
	Repairs bool `json:"repairs,omitempty"`
}

// String returns the progress as one line.
func (p Progress) String() string {
	until := p.Until.UTC().Format(time.RFC3339)
	if !p.Repairs {
		return fmt.Sprintf("compared until %s: %s of %s calls lack what the log contains", until, number(p.ToRepair), number(p.Found.Calls))
	}
	return fmt.Sprintf("repaired until %s: %s of %s calls", until, number(p.Repaired), number(p.ToRepair))
}

// BackfillWorkflow compares a window, estimates how long the repairs take and, if wanted, repairs
// the calls, oldest first. Because it is a workflow, it resumes after any interruption.
func BackfillWorkflow(ctx workflow.Context, in Backfill) (progress Progress, err error) {
	progress = Progress{Found: Comparison{Window: Window{From: in.From, To: in.From}}, Until: in.From}
	if in.Earlier != nil {
		progress = *in.Earlier
	}
	if err := workflow.SetQueryHandler(ctx, QueryProgress, func() (Progress, error) { return progress, nil }); err != nil {
		return progress, err
	}
	ctx = withOptions(ctx)
	var a *Activities
	var clock Clock
	if err := workflow.ExecuteActivity(ctx, a.Clock).Get(ctx, &clock); err != nil {
		return progress, err
	}
	if in.Repair && in.From.Before(clock.Since) && !in.BeforeLive {
		return progress, temporal.NewNonRetryableApplicationError("Callthread went live on "+clock.Since.UTC().Format(time.RFC3339)+": calls that rang before are not repaired", BeforeLive, nil)
	}
	for {
		for _, chunk := range (Window{progress.Until, in.To}).Chunks(defaultChunk) {
			if workflow.GetInfo(ctx).GetContinueAsNewSuggested() {
				in.Earlier = &progress
				return progress, workflow.NewContinueAsNewError(ctx, BackfillWorkflow, in)
			}
			if progress.Repairs {
				progress.repair(ctx, chunk, in.Status)
			} else {
				progress.compare(ctx, chunk, clock.RepairEvery)
			}
			workflow.SetCurrentDetails(ctx, progress.Found.String()+"; "+progress.String())
		}
		if progress.Repairs || !in.Repair || progress.ToRepair == 0 {
			return progress, ctx.Err()
		}
		progress.Repairs, progress.Until = true, in.From
	}
}

// compare compares a part of the window.
func (p *Progress) compare(ctx workflow.Context, part Window, repairEvery time.Duration) {
	p.Found.compare(ctx, Part{Window: part, Again: true})
	p.ToRepair = p.Found.Counts[Missed] + p.Found.Counts[Incomplete]
	p.Takes = time.Duration(p.ToRepair) * repairEvery
	p.Until = part.To
}

// repair repairs the calls of a part of the window. It compares them again, because the results
// of the whole window may exceed what Temporal can keep.
func (p *Progress) repair(ctx workflow.Context, part Window, status string) {
	var c Comparison
	if c.compare(ctx, Part{Window: part, Again: true}) {
		c.hold(ctx, len(c.repairAll(ctx, c.toRepair(), status)))
		if n := c.unlisted(); n > 0 {
			p.Found.Gaps = append(p.Found.Gaps, tooMany(part, n))
		}
	} else {
		p.Found.Gaps = append(p.Found.Gaps, c.Gaps...) // its calls are not repaired
	}
	p.Repaired, p.Held, p.Until = p.Repaired+c.Repaired, p.Held+c.Held, part.To
}
