package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/urfave/cli/v2"
	commonpb "go.temporal.io/api/common/v1"
	enumspb "go.temporal.io/api/enums/v1"
	historypb "go.temporal.io/api/history/v1"
	"go.temporal.io/api/serviceerror"
	workflowpb "go.temporal.io/api/workflow/v1"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/converter"
	"golang.org/x/sync/errgroup"

	"github.com/callthread/callthread/call"
	"github.com/callthread/callthread/internal/codec"
	"github.com/callthread/callthread/internal/config"
	"github.com/callthread/callthread/phone"
	"github.com/callthread/callthread/workflows"
)

// readAtOnce is how many calls are read at once where they have to be looked
// through: enough to be quick, too few for Temporal to feel.
const readAtOnce = 8

// worthTelling is how many calls it takes some seconds to look through.
const worthTelling = 2000

// caller finds the calls of one number.
type caller struct {
	server  config.Temporal
	country config.Country
	phone   string

	keys      *codec.Keys
	home      string   // two letters
	spellings []string // of the number
	calls     client.Client
	logs      io.Writer
}

// unreadable says that calls may be the number's, and cannot be looked through.
func unreadable(calls int, why string) error {
	return fmt.Errorf("%d calls could not be looked through and may be the number's too: %s", calls, why)
}

func (f *caller) flags() []cli.Flag {
	phoneFlag := &cli.StringFlag{Name: "phone", Usage: "the customer's `NUMBER`: the one that called, or was called", Destination: &f.phone}
	return append([]cli.Flag{phoneFlag}, config.Flags(&f.country, &f.server.Encryption)...)
}

// open reads the settings and connects. Whoever is done closes the client.
func (f *caller) open(logs io.Writer) (err error) {
	f.logs = logs
	if f.home, err = f.country.Parse(); err != nil {
		return err
	}
	if !strings.ContainsAny(f.phone, "0123456789") {
		return errors.New("--phone takes a number, such as +493023125042")
	}
	if _, ok := phone.Parse(f.phone, f.home); !ok && f.home == "" {
		return errors.New("--phone: write the number with its country code, such as +493023125042, or say with --country where it is at home")
	}
	f.spellings = phone.Spellings(f.phone, f.home)
	if f.calls, err = connect(&f.server, logs); err != nil {
		return err
	}
	f.keys, err = f.server.Encryption.Keys()
	return err
}

// run finds the calls and hands them on, with an error that says which could not be looked through.
func (f *caller) run(c *cli.Context, logs io.Writer, then func(those []listedCall, unread error) error) error {
	if err := config.NoArguments(c); err != nil {
		return err
	}
	if err := f.open(logs); err != nil {
		return err
	}
	defer f.calls.Close()
	those, unread, err := f.find(c.Context)
	if err != nil {
		return unreached(&f.server, err)
	}
	return then(those, unread)
}

// find finds all runs of all calls of the number, newest first. Calls that it
// could not read are an error of their own, beside what it has found.
func (f *caller) find(ctx context.Context) (those []listedCall, unread, err error) {
	// These first: a call that gets its hash meanwhile is then found twice, and not never.
	unhashed, err := listRuns(ctx, f.calls, ourCalls+" AND "+workflows.CallerHash.GetName()+" IS NULL", 0)
	if err != nil {
		return nil, nil, err
	}
	runs, unread, err := f.lookThrough(ctx, unhashed)
	if err != nil {
		return nil, nil, err
	}
	unknown, err := f.countUnknown(ctx)
	if err != nil {
		return nil, nil, err
	}
	if hashes := f.hashes(); len(hashes) > 0 {
		query := fmt.Sprintf("%s AND %s IN ('%s')", ourCalls, workflows.CallerHash.GetName(), strings.Join(hashes, "', '"))
		hashed, err := listRuns(ctx, f.calls, query, 0)
		if err != nil {
			return nil, nil, err
		}
		runs = append(runs, hashed...)
	}
	those = []listedCall{} // not nil, which would be no array in JSON
	seen := make(map[string]bool)
	for _, run := range runs {
		if l := listed(run); !seen[l.RunID] {
			seen[l.RunID], those = true, append(those, l)
		}
	}
	slices.SortStableFunc(those, func(a, b listedCall) int { return b.StartedAt.Compare(a.StartedAt) })
	return those, errors.Join(unread, unknown), nil
}

// hashes are those of all spellings, with all keys.
func (f *caller) hashes() (hashes []string) {
	for _, spelling := range f.spellings {
		hashes = append(hashes, f.keys.CallerHashes(spelling)...)
	}
	return hashes
}

// countUnknown says how many calls have a hash with a key that is not set here.
func (f *caller) countUnknown(ctx context.Context) (unknown, err error) {
	count := func(condition string) int64 {
		if err != nil {
			return 0
		}
		var counted *workflowservice.CountWorkflowExecutionsResponse
		query := ourCalls + " AND " + workflows.CallerHash.GetName() + " " + condition
		counted, err = f.calls.CountWorkflow(ctx, &workflowservice.CountWorkflowExecutionsRequest{Query: query})
		return counted.GetCount()
	}
	hashed := count("IS NOT NULL")
	for _, id := range f.keys.IDs() {
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
func (f *caller) lookThrough(ctx context.Context, runs []*workflowpb.WorkflowExecutionInfo) (its []*workflowpb.WorkflowExecutionInfo, unread, err error) {
	if len(runs) >= worthTelling {
		fmt.Fprintf(f.logs, "looking through %d calls that have no hash of their customer's number ...\n", len(runs))
	}
	has, failed := make([]bool, len(runs)), make([]error, len(runs))
	var reading errgroup.Group
	reading.SetLimit(readAtOnce)
	for i, run := range runs {
		reading.Go(func() error {
			has[i], failed[i] = f.has(ctx, run.GetExecution())
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
func (f *caller) has(ctx context.Context, run *commonpb.WorkflowExecution) (bool, error) {
	var record call.Record
	history := f.calls.GetWorkflowHistory(ctx, run.GetWorkflowId(), run.GetRunId(), false, enumspb.HISTORY_EVENT_FILTER_TYPE_ALL_EVENT)
	for history.HasNext() {
		happened, err := history.Next()
		var gone *serviceerror.NotFound
		if errors.As(err, &gone) {
			return false, nil // its retention has passed meanwhile
		}
		if err != nil {
			return false, err
		}
		told, err := toldBy(happened, f.keys.DataConverter())
		if err != nil {
			return false, err
		}
		if told == nil {
			continue
		}
		record.Add(*told, happened.GetEventTime().AsTime())
		if number := record.Facts().CustomersNumber(); number != "" && slices.Contains(f.spellings, phone.Canonical(number, f.home)) {
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
