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

// Past is a call as its history in Temporal shows it: the events that were received and the
// results of its activities.
type Past struct {
	CallID string
	// Record contains the received events only, not what was written.
	Record call.Record
	// Automations is the version of the automations file with which the conversation was opened,
	// empty if none was opened.
	Automations string
	// Agents maps the note name of each pick-up to the agent's Kustomer user. Placer is the agent
	// who placed the call.
	Agents map[string]call.Resolved
	Placer call.Resolved
	// HasEnded reports whether the call is over. Its run may still be waiting.
	HasEnded bool
	// Names are the ids of the call's customer and conversation that were found last.
	Names call.Kustomer
	// Unread is why the history cannot be read, nil if it was read.
	Unread error
}

// Pasts reads the histories of all calls that match a query, newest first. For a call that was
// reset it reads the latest run. It needs no worker.
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

// readPast reads the history of a run. It fails if Temporal is unavailable; an error of this run
// alone goes to Unread.
func (o *Operator) readPast(ctx context.Context, run Run, past *Past) error {
	data := o.Keys.DataConverter()
	history := o.Temporal.GetWorkflowHistory(ctx, run.WorkflowID, run.RunID, false, enumspb.HISTORY_EVENT_FILTER_TYPE_ALL_EVENT)
	for history.HasNext() {
		happened, err := history.Next()
		var gone *serviceerror.NotFound
		switch {
		case errors.As(err, &gone):
			past.Unread = errors.New("its retention had passed, and Temporal deleted it during the search")
			return nil
		case err != nil && (ctx.Err() != nil || isUnavailable(err)):
			return fmt.Errorf("read call %s: %w", run.CallID, err)
		case err != nil:
			past.Unread = errors.New("its history cannot be read from Temporal")
			return nil
		}
		if err := past.add(happened, data); err != nil {
			past.Unread = unreadEvent(happened, err)
			return nil
		}
	}
	return nil
}

// add adds one event of the history.
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

// began adds the input of the run. A run that corrects a completed call has that call as Earlier.
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

// done adds the result of an activity.
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

// Names under which Temporal's Go SDK records the result of a local activity (SDK 1.50).
const (
	localStep       = "LocalActivity"
	localStepResult = "result"
)

// stepDone returns the result of an activity, or nil if the event completes none.
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
