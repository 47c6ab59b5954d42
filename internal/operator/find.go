package operator

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	commonpb "go.temporal.io/api/common/v1"
	enumspb "go.temporal.io/api/enums/v1"
	historypb "go.temporal.io/api/history/v1"
	"go.temporal.io/api/serviceerror"
	workflowpb "go.temporal.io/api/workflow/v1"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/converter"
	"golang.org/x/sync/errgroup"

	"github.com/callthread/callthread/call"
	"github.com/callthread/callthread/internal/codec"
	"github.com/callthread/callthread/phone"
	"github.com/callthread/callthread/workflows"
)

// readAtOnce is how many calls are read at once where they have to be looked
// through: enough to be quick, too few for Temporal to feel.
const readAtOnce = 8

// worthTelling is how many calls it takes some seconds to look through.
const worthTelling = 2000

// unreadable says that calls may be the number's, and cannot be looked through.
func unreadable(calls int, why string) error {
	return fmt.Errorf("%d calls could not be looked through and may be the number's too: %s", calls, why)
}

// Number is a customer's phone number.
type Number struct {
	Spellings []string  // in each way in which a call may hold it
	Country   string    // two letters: where numbers without a country code are at home
	Progress  io.Writer // is told when many calls have to be read
}

// Find finds all runs of all calls of the number, newest first. Calls that it
// could not read are an error of their own, beside what it has found.
func (o *Operator) Find(ctx context.Context, number Number) (those []Call, unread, err error) {
	// These first: a call that gets its hash meanwhile is then found twice, and not never.
	unhashed, err := o.listRuns(ctx, allCalls+" AND "+workflows.CallerHash.GetName()+" IS NULL", 0)
	if err != nil {
		return nil, nil, err
	}
	runs, unread, err := o.lookThrough(ctx, number, unhashed)
	if err != nil {
		return nil, nil, err
	}
	unknown, err := o.countUnknown(ctx)
	if err != nil {
		return nil, nil, err
	}
	if hashes := o.hashes(number); len(hashes) > 0 {
		query := fmt.Sprintf("%s AND %s IN ('%s')", allCalls, workflows.CallerHash.GetName(), strings.Join(hashes, "', '"))
		hashed, err := o.listRuns(ctx, query, 0)
		if err != nil {
			return nil, nil, err
		}
		runs = append(runs, hashed...)
	}
	those = []Call{} // not nil, which would be no array in JSON
	seen := make(map[string]bool)
	for _, run := range runs {
		if l := callOf(run); !seen[l.RunID] {
			seen[l.RunID], those = true, append(those, l)
		}
	}
	slices.SortStableFunc(those, func(a, b Call) int { return b.StartedAt.Compare(a.StartedAt) })
	return those, errors.Join(unread, unknown), nil
}

// hashes are those of all spellings, with all keys.
func (o *Operator) hashes(number Number) (hashes []string) {
	for _, spelling := range number.Spellings {
		hashes = append(hashes, o.Keys.CallerHashes(spelling)...)
	}
	return hashes
}

// countUnknown says how many calls have a hash with a key that is not set here.
func (o *Operator) countUnknown(ctx context.Context) (unknown, err error) {
	count := func(condition string) int64 {
		if err != nil {
			return 0
		}
		var counted *workflowservice.CountWorkflowExecutionsResponse
		query := allCalls + " AND " + workflows.CallerHash.GetName() + " " + condition
		counted, err = o.Temporal.CountWorkflow(ctx, &workflowservice.CountWorkflowExecutionsRequest{Query: query})
		return counted.GetCount()
	}
	hashed := count("IS NOT NULL")
	for _, id := range o.Keys.IDs() {
		hashed -= count("STARTS_WITH " + quoted(codec.CallerHashPrefix(id)))
	}
	if err != nil {
		return nil, fmt.Errorf("count calls: %w", err)
	}
	if hashed > 0 {
		return unreadable(int(hashed), "their numbers are hashed with keys that are not set here (--encryption-key-file, CALLTHREAD_ENCRYPTION_KEYS)"), nil
	}
	return nil, nil
}

// lookThrough reads calls for the number, and returns those that have it.
func (o *Operator) lookThrough(ctx context.Context, number Number, runs []*workflowpb.WorkflowExecutionInfo) (its []*workflowpb.WorkflowExecutionInfo, unread, err error) {
	if len(runs) >= worthTelling {
		fmt.Fprintf(number.Progress, "looking through %d calls that have no hash of their customer's number ...\n", len(runs))
	}
	has, failed := make([]bool, len(runs)), make([]error, len(runs))
	var reading errgroup.Group
	reading.SetLimit(readAtOnce)
	for i, run := range runs {
		reading.Go(func() error {
			has[i], failed[i] = o.has(ctx, number, run.GetExecution())
			return nil
		})
	}
	_ = reading.Wait() // each says for itself what failed
	var locked *codec.UnknownKeyError
	lockedCalls := 0
	for i, run := range runs {
		switch {
		case errors.As(failed[i], &locked):
			lockedCalls++
		case failed[i] != nil:
			return nil, nil, fmt.Errorf("read call %s: %w", workflows.CallKey(run.GetExecution().GetWorkflowId()), failed[i])
		case has[i]:
			its = append(its, run)
		}
	}
	if lockedCalls > 0 {
		return its, unreadable(lockedCalls, "one is "+locked.Error()), nil
	}
	return its, nil, nil
}

// has reports whether any event of a call told the number as the customer's.
func (o *Operator) has(ctx context.Context, number Number, run *commonpb.WorkflowExecution) (bool, error) {
	var record call.Record
	history := o.Temporal.GetWorkflowHistory(ctx, run.GetWorkflowId(), run.GetRunId(), false, enumspb.HISTORY_EVENT_FILTER_TYPE_ALL_EVENT)
	for history.HasNext() {
		happened, err := history.Next()
		var gone *serviceerror.NotFound
		if errors.As(err, &gone) {
			return false, nil // its retention has passed meanwhile
		}
		if err != nil {
			return false, err
		}
		told, err := toldBy(happened, o.Keys.DataConverter())
		if err != nil {
			return false, err
		}
		if told == nil {
			continue
		}
		record.Add(*told, happened.GetEventTime().AsTime())
		if customers := record.Facts().CustomersNumber(); customers != "" && slices.Contains(number.Spellings, phone.Canonical(customers, number.Country)) {
			return true, nil
		}
	}
	return false, nil
}

// toldBy is the call's event that a history's event brought, if it did.
func toldBy(happened *historypb.HistoryEvent, data converter.DataConverter) (*call.Event, error) {
	if started := happened.GetWorkflowExecutionStartedEventAttributes(); started != nil {
		var input workflows.CallInput
		err := data.FromPayloads(started.GetInput(), &input)
		return input.First, err
	}
	if signalled := happened.GetWorkflowExecutionSignaledEventAttributes(); signalled != nil {
		var event call.Event
		err := data.FromPayloads(signalled.GetInput(), &event)
		return &event, err
	}
	return nil, nil
}
