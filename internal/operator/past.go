package operator

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"time"

	enumspb "go.temporal.io/api/enums/v1"
	historypb "go.temporal.io/api/history/v1"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/sdk/converter"
	"golang.org/x/sync/errgroup"

	"github.com/callthread/callthread/activities"
	"github.com/callthread/callthread/call"
	"github.com/callthread/callthread/workflows"
)

// Past is what the history of a run holds of its call: what was reported, and what its
// steps found out.
type Past struct {
	CallID string
	// Record holds the reports alone: nothing in it says what was written.
	Record call.Record
	// Automations is the version of the automations file that the call was opened with,
	// empty if it was not opened.
	Automations string
	// Agents are who agents are in Kustomer, by the names of the notes of their pick-ups;
	// Placer is the agent who placed the call.
	Agents map[string]call.Resolved
	Placer call.Resolved
	// HasEnded says that the call itself is over, although the run may still wait for something.
	HasEnded bool
	// Names are where the call was found in Kustomer last.
	Names call.Kustomer
	// Unread says why the history cannot be read, nil if it was read.
	Unread error
}

// Pasts reads the histories of all calls that a query finds, newest first: of one that
// was reset, that of its latest run. It asks no worker.
func (o *Operator) Pasts(ctx context.Context, q Query) ([]Past, error) {
	calls, _, err := o.List(ctx, q.String(), 0)
	if err != nil {
		return nil, err
	}
	calls = latestRuns(calls)
	pasts := make([]Past, len(calls))
	group, reads := errgroup.WithContext(ctx)
	group.SetLimit(readAtOnce)
	for i, c := range calls {
		group.Go(func() error {
			pasts[i] = Past{CallID: c.CallID, Record: call.Record{Key: c.CallID}}
			err := o.readPast(reads, c.Run, &pasts[i])
			pasts[i].HasEnded = c.isOver() || pasts[i].Record.HasEnded(time.Now())
			return err
		})
	}
	return pasts, group.Wait()
}

// readPast reads the history of a run. It fails if Temporal is away; what concerns this
// call alone is the reason for which it is unread.
func (o *Operator) readPast(ctx context.Context, run Run, past *Past) error {
	data := o.Keys.DataConverter()
	history := o.Temporal.GetWorkflowHistory(ctx, run.WorkflowID, run.RunID, false, enumspb.HISTORY_EVENT_FILTER_TYPE_ALL_EVENT)
	for history.HasNext() {
		happened, err := history.Next()
		var gone *serviceerror.NotFound
		switch {
		case errors.As(err, &gone):
			past.Unread = errors.New("its retention has passed meanwhile")
			return nil
		case err != nil && (ctx.Err() != nil || isAway(err)):
			return fmt.Errorf("read call %s: %w", run.CallID, err)
		case err != nil:
			past.Unread = errors.New("its history cannot be had from Temporal")
			return nil
		}
		if err := past.add(happened, data); err != nil {
			past.Unread = unreadEvent(happened, err)
			return nil
		}
	}
	return nil
}

// add takes over what one event of the history says.
func (p *Past) add(happened *historypb.HistoryEvent, data converter.DataConverter) error {
	reports, err := reportsIn(happened, data)
	if err != nil {
		return err
	}
	at := happened.GetEventTime().AsTime()
	for _, report := range reports {
		p.Record.Add(report, at)
	}
	if started := happened.GetWorkflowExecutionStartedEventAttributes(); started != nil {
		var input workflows.CallInput
		if err := data.FromPayloads(started.GetInput(), &input); err != nil {
			return err
		}
		p.began(input, at)
	}
	step, err := stepDone(happened, data)
	if err == nil && step != nil {
		p.done(*step)
	}
	return err
}

// began takes over how the run began: as a new call, or where an earlier run has completed.
func (p *Past) began(input workflows.CallInput, at time.Time) {
	p.Record.Started, p.Record.Limits = at, input.Limits.WithDefaults()
	if input.Earlier == nil {
		return
	}
	was := input.Earlier
	p.Record.Started = was.Record.Started
	found := activities.StepResult{
		Automations: was.Answers.Automations, Conversation: was.Conversation, Placer: was.Record.Was.Placer, Agents: make(map[string]call.Resolved),
	}
	for _, pickUp := range was.Record.Was.PickUps {
		found.Agents[pickUp.Note] = pickUp.Resolved
	}
	p.done(found)
}

// done takes over what a step has found out.
func (p *Past) done(step activities.StepResult) {
	p.Automations = cmp.Or(p.Automations, step.Automations)
	p.Placer = cmp.Or(step.Placer, p.Placer)
	for note, agent := range step.Agents {
		if p.Agents == nil {
			p.Agents = make(map[string]call.Resolved)
		}
		p.Agents[note] = agent
	}
	if is := step.Conversation; is.ID != "" {
		p.Names = call.Kustomer{CustomerID: is.CustomerID, ConversationID: is.ID, ConversationURL: is.URL}
	}
}

// Where Temporal's Go SDK keeps the result of a local activity (SDK 1.50).
const (
	localStep       = "LocalActivity"
	localStepResult = "result"
)

// stepDone is the result of a step, if the event says that one was completed.
func stepDone(happened *historypb.HistoryEvent, data converter.DataConverter) (*activities.StepResult, error) {
	result := happened.GetActivityTaskCompletedEventAttributes().GetResult()
	if marker := happened.GetMarkerRecordedEventAttributes(); marker.GetMarkerName() == localStep {
		result = marker.GetDetails()[localStepResult]
	}
	if result == nil {
		return nil, nil
	}
	var step activities.StepResult
	err := data.FromPayloads(result, &step)
	return &step, err
}
