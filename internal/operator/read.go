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
	// readAtOnce limits the histories that are read at once, to spare Temporal.
	readAtOnce = 8
	// reportedFrom is the number of calls from which a search takes seconds and reports progress.
	reportedFrom = 2000
	// maxNamed limits how many unreadable calls an error names.
	maxNamed = 20
)

// reading is the result of searching a run. A failure means that Temporal is unavailable, and ends
// the search.
type reading struct {
	run     Run
	has     bool
	unread  error // why parts of it could not be read
	failure error
}

// lookThrough reads the histories of runs and returns the runs of the number. The error unread names
// the runs that could not be read.
func (o *Operator) lookThrough(ctx context.Context, number Number, runs []*workflowpb.WorkflowExecutionInfo) (its []*workflowpb.WorkflowExecutionInfo, unread, err error) {
	if len(runs) >= reportedFrom {
		fmt.Fprintf(number.Progress, "searching %d calls that have no hash of their customer's number ...\n", len(runs))
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

// read searches a run for the number. It skips events that it cannot read, because another event
// may contain the number.
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

// isCustomers reports whether the number belongs to the call's customer.
func (n Number) isCustomers(facts call.Facts) bool {
	customers := facts.CustomersNumber()
	return customers != "" && slices.Contains(n.Spellings, phone.Canonical(customers, n.Country))
}

// endedBy is the result of a reading that an error from Temporal ended.
func (r reading) endedBy(ctx context.Context, err error) reading {
	var gone *serviceerror.NotFound
	switch {
	case errors.As(err, &gone): // deleted during the search
		return reading{}
	case ctx.Err() != nil || isUnavailable(err):
		r.failure = fmt.Errorf("read call %s: %w", r.run.CallID, err)
	default:
		r.unread = errors.New("its history cannot be read from Temporal")
	}
	return r
}

// unreadEvent is the error for an event that cannot be read. It does not wrap the cause, which may
// quote personal data, unless a key is missing.
func unreadEvent(happened *historypb.HistoryEvent, cause error) error {
	var unknown *codec.UnknownKeyError
	if errors.As(cause, &unknown) {
		return unknown
	}
	return fmt.Errorf("event %d of its history is not an event of a call", happened.GetEventId())
}

// reportsIn returns the events of the call that an event of its history contains.
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

// isUnavailable reports whether Temporal fails for every call, not for this one alone.
func isUnavailable(err error) bool {
	switch serviceerror.ToStatus(err).Code() {
	case codes.Unavailable, codes.DeadlineExceeded, codes.ResourceExhausted, codes.PermissionDenied, codes.Unauthenticated:
		return true
	}
	return false
}

// unreadIn is the error for the runs that could not be read and may belong to the number.
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
		unread = append(unread, fmt.Errorf("these calls cannot be read and may belong to the number too: %s. `temporal workflow show --workflow-id 'call/<call id>'` shows the history of one, "+
			"`temporal workflow delete --workflow-id 'call/<call id>'` deletes it", inShort(named)))
	}
	return errors.Join(unread...)
}

// inShort joins the first maxNamed texts and counts the others.
func inShort(all []string) string {
	if len(all) > maxNamed {
		all = append(all[:maxNamed:maxNamed], fmt.Sprintf("%d more", len(all)-maxNamed))
	}
	return strings.Join(all, "; ")
}
