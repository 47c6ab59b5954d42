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
}

// BeforeLive is the type of the error that refuses repairs of calls from before Callthread went live.
const BeforeLive = "BeforeLive"

// BackfillID returns the workflow id of a backfill. A window is backfilled only once at a time.
func (b Backfill) BackfillID() string {
	return "backfill/" + b.From.UTC().Format(time.RFC3339) + "/" + b.To.UTC().Format(time.RFC3339)
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
}

// String returns the progress as one line.
func (p Progress) String() string {
	until := p.Until.UTC().Format(time.RFC3339)
	if p.Repaired+p.Held == 0 {
		return fmt.Sprintf("compared until %s: %s of %s calls lack what the log contains", until, number(p.ToRepair), number(p.Found.Calls))
	}
	return fmt.Sprintf("repaired until %s: %s of %s calls", until, number(p.Repaired), number(p.ToRepair))
}

// BackfillWorkflow compares a window, estimates how long the repairs take and, if wanted, repairs
// the calls, oldest first. Because it is a workflow, it resumes after any interruption.
func BackfillWorkflow(ctx workflow.Context, in Backfill) (progress Progress, err error) {
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
	progress.Found = Comparison{Window: Window{From: in.From, To: in.From}}
	for _, chunk := range in.Chunks(defaultChunk) {
		progress.Found.compare(ctx, Part{Window: chunk, Again: true})
		progress.ToRepair = progress.Found.Counts[Missed] + progress.Found.Counts[Incomplete]
		progress.Takes = time.Duration(progress.ToRepair) * clock.RepairEvery
		progress.Until = chunk.To
	}
	workflow.SetCurrentDetails(ctx, progress.Found.String())
	if !in.Repair || progress.ToRepair == 0 {
		return progress, ctx.Err()
	}
	for _, chunk := range in.Chunks(defaultChunk) {
		progress.repair(ctx, chunk, in.Status)
		workflow.SetCurrentDetails(ctx, progress.Found.String()+"; "+number(progress.Repaired)+" repaired until "+chunk.To.UTC().Format(time.RFC3339))
	}
	return progress, ctx.Err()
}

// repair repairs the calls of a part of the window. It compares them again, because the results
// of the whole window may exceed what Temporal can keep.
func (p *Progress) repair(ctx workflow.Context, part Window, status string) {
	var c Comparison
	if c.compare(ctx, Part{Window: part, Again: true}) {
		c.repairAll(ctx, c.toRepair(), status)
	}
	p.Repaired, p.Held, p.Until = p.Repaired+c.Repaired, p.Held+c.Held, part.To
}
