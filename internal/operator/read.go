package operator

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	enumspb "go.temporal.io/api/enums/v1"
	historypb "go.temporal.io/api/history/v1"
	"go.temporal.io/api/serviceerror"
	workflowpb "go.temporal.io/api/workflow/v1"
	"go.temporal.io/sdk/converter"
	"golang.org/x/sync/errgroup"
	"google.golang.org/grpc/codes"

	"github.com/callthread/callthread/call"
	"github.com/callthread/callthread/internal/codec"
	"github.com/callthread/callthread/phone"
	"github.com/callthread/callthread/workflows"
)

const (
	// readAtOnce is how many calls are read at once where they have to be looked
	// through: enough to be quick, too few for Temporal to feel.
	readAtOnce = 8
	// worthTelling is how many calls it takes some seconds to look through.
	worthTelling = 2000
	// maxNamed is how many calls are named that cannot be read.
	maxNamed = 20
)

// reading is what came of looking through a run. A failure ends the search: Temporal is away.
type reading struct {
	run     Run
	has     bool
	unread  error // why parts of it could not be read
	failure error
}

// lookThrough reads runs for the number, and returns those that have it. Runs that it
// cannot read are an error of their own.
func (o *Operator) lookThrough(ctx context.Context, number Number, runs []*workflowpb.WorkflowExecutionInfo) (its []*workflowpb.WorkflowExecutionInfo, unread, err error) {
	if len(runs) >= worthTelling {
		fmt.Fprintf(number.Progress, "looking through %d calls that have no hash of their customer's number ...\n", len(runs))
	}
	readings := make([]reading, len(runs))
	group, reads := errgroup.WithContext(ctx)
	group.SetLimit(readAtOnce)
	for i, run := range runs {
		group.Go(func() error {
			readings[i] = o.read(reads, number, runOf(run))
			return readings[i].failure
		})
	}
	if err := group.Wait(); err != nil {
		return nil, nil, err
	}
	for i, r := range readings {
		if r.has {
			its = append(its, runs[i])
		}
	}
	return its, unreadIn(readings), nil
}

// read looks through a run for the number. What it cannot read it passes over: another
// event may have the number.
func (o *Operator) read(ctx context.Context, number Number, run Run) reading {
	r := reading{run: run}
	var record call.Record
	history := o.Temporal.GetWorkflowHistory(ctx, run.WorkflowID, run.RunID, false, enumspb.HISTORY_EVENT_FILTER_TYPE_ALL_EVENT)
	for history.HasNext() {
		happened, err := history.Next()
		if err != nil {
			return r.endedBy(ctx, err)
		}
		reports, err := reportsIn(happened, o.Keys.DataConverter())
		if err != nil {
			r.unread = unreadEvent(happened, err)
		}
		for _, report := range reports {
			record.Add(report, happened.GetEventTime().AsTime())
			if number.isCustomers(record.Facts()) {
				return reading{run: run, has: true}
			}
		}
	}
	return r
}

// isCustomers reports whether the number is that of a call's customer.
func (n Number) isCustomers(facts call.Facts) bool {
	customers := facts.CustomersNumber()
	return customers != "" && slices.Contains(n.Spellings, phone.Canonical(customers, n.Country))
}

// endedBy is what came of a reading that an error of Temporal's has ended.
func (r reading) endedBy(ctx context.Context, err error) reading {
	var gone *serviceerror.NotFound
	switch {
	case errors.As(err, &gone): // its retention has passed meanwhile, or it was deleted
		return reading{}
	case ctx.Err() != nil || isAway(err):
		r.failure = fmt.Errorf("read call %s: %w", r.run.CallID, err)
	default:
		r.unread = errors.New("its history cannot be had from Temporal")
	}
	return r
}

// unreadEvent says which event of a history cannot be read. The cause may quote what
// the event holds, so only a missing key is named.
func unreadEvent(happened *historypb.HistoryEvent, cause error) error {
	var unknown *codec.UnknownKeyError
	if errors.As(cause, &unknown) {
		return unknown
	}
	return fmt.Errorf("event %d of its history holds no event of a call", happened.GetEventId())
}

// reportsIn are the reports about a call that a history's event brought, if it did.
func reportsIn(happened *historypb.HistoryEvent, data converter.DataConverter) (reports []call.Event, err error) {
	if started := happened.GetWorkflowExecutionStartedEventAttributes(); started != nil {
		var input workflows.CallInput
		err = data.FromPayloads(started.GetInput(), &input)
		if input.Earlier != nil {
			for _, report := range input.Earlier.Record.Reports {
				reports = append(reports, report.Event)
			}
		}
		if input.First != nil {
			reports = append(reports, *input.First)
		}
		return reports, err
	}
	signalled := happened.GetWorkflowExecutionSignaledEventAttributes()
	switch {
	case signalled == nil:
		return nil, nil
	case signalled.GetSignalName() == workflows.SignalLog:
		var log call.FromLog
		err = data.FromPayloads(signalled.GetInput(), &log)
		return log.Reports, err
	}
	var event call.Event
	err = data.FromPayloads(signalled.GetInput(), &event)
	return []call.Event{event}, err
}

// isAway reports whether Temporal fails at any call, and not at this one alone.
func isAway(err error) bool {
	switch serviceerror.ToStatus(err).Code() {
	case codes.Unavailable, codes.DeadlineExceeded, codes.ResourceExhausted, codes.PermissionDenied, codes.Unauthenticated:
		return true
	}
	return false
}

// unreadIn says which runs may be the number's too, and could not be read.
func unreadIn(readings []reading) error {
	var unknown, key *codec.UnknownKeyError
	var named []string
	lockedCalls := 0
	for _, r := range readings {
		switch {
		case r.unread == nil:
		case errors.As(r.unread, &key):
			lockedCalls, unknown = lockedCalls+1, key
		default:
			named = append(named, fmt.Sprintf("%s (run %s): %v", r.run.CallID, r.run.RunID, r.unread))
		}
	}
	var unread []error
	if lockedCalls > 0 {
		unread = append(unread, locked(lockedCalls, "one is "+unknown.Error()))
	}
	if len(named) > 0 {
		unread = append(unread, fmt.Errorf("these calls cannot be read and may be the number's too: %s. `temporal workflow show --workflow-id 'call/<call id>'` shows what one holds, "+
			"`temporal workflow delete --workflow-id 'call/<call id>'` deletes it", inShort(named)))
	}
	return errors.Join(unread...)
}

// inShort names as many as can be read.
func inShort(all []string) string {
	if len(all) > maxNamed {
		all = append(all[:maxNamed:maxNamed], fmt.Sprintf("%d more", len(all)-maxNamed))
	}
	return strings.Join(all, "; ")
}
