package reconcile

import (
	"fmt"
	"time"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"
)

// Backfill asks for a window to be compared, and what it lacks to be repaired.
type Backfill struct {
	Window
	Repair bool `json:"repair,omitempty"`
	// Status is that of conversations which are opened; "" leaves it to the automations file.
	Status string `json:"status,omitempty"`
	// BeforeLive lets calls be repaired that rang before Callthread went live.
	BeforeLive bool `json:"beforeLive,omitempty"`
}

// BeforeLive is the type of the error that refuses to repair calls from before Callthread went live.
const BeforeLive = "BeforeLive"

// BackfillID is the workflow id of a backfill: the same one is carried out once at a time.
func (b Backfill) BackfillID() string {
	return "backfill/" + b.From.UTC().Format(time.RFC3339) + "/" + b.To.UTC().Format(time.RFC3339)
}

// QueryProgress answers with the Progress of a backfill.
const QueryProgress = "progress"

// Progress is how far a backfill is.
type Progress struct {
	// Found is what the window was found to be before anything was repaired.
	Found Comparison `json:"found"`
	// ToRepair is how many calls need it.
	ToRepair int `json:"toRepair"`
	// Takes is how long that many repairs take, beside calls that ring now.
	Takes time.Duration `json:"takes"`
	// Repaired and Held are how many were repaired, and how many could not be.
	Repaired int `json:"repaired"`
	Held     int `json:"held"`
	// Until is the time before which everything is repaired, or only compared.
	Until time.Time `json:"until,omitzero"`
}

// String is how far it is, in a line.
func (p Progress) String() string {
	until := p.Until.UTC().Format(time.RFC3339)
	if p.Repaired+p.Held == 0 {
		return fmt.Sprintf("compared until %s: %s of %s calls lack what the log contains", until, number(p.ToRepair), number(p.Found.Calls))
	}
	return fmt.Sprintf("repaired until %s: %s of %s calls", until, number(p.Repaired), number(p.ToRepair))
}

// BackfillWorkflow compares a window, to know what is to be done and how long that
// takes, and then repairs it, oldest first. Because it is a workflow, it goes on
// where it was after whatever interrupts it.
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

// repair repairs the calls of a part of the window, which are compared again: the
// results of the whole might be more than Temporal keeps.
func (p *Progress) repair(ctx workflow.Context, part Window, status string) {
	var c Comparison
	if c.compare(ctx, Part{Window: part, Again: true}) {
		c.repairAll(ctx, c.toRepair(), status)
	}
	p.Repaired, p.Held, p.Until = p.Repaired+c.Repaired, p.Held+c.Held, part.To
}
