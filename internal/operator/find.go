package operator

import (
	"context"
	"errors"
	"fmt"
	"io"

	"go.temporal.io/api/workflowservice/v1"

	"github.com/callthread/callthread/internal/codec"
	"github.com/callthread/callthread/workflows"
)

// locked is the error for calls that may belong to the number but cannot be searched.
func locked(calls int, why string) error {
	return fmt.Errorf("%d calls could not be searched and may belong to the number too: %s", calls, why)
}

// Number is a customer's phone number to search for.
type Number struct {
	Spellings []string  // every spelling that a call may contain, the canonical one first
	Country   string    // two letters: the country of numbers without a country code
	Progress  io.Writer // receives a line if many calls have to be read
}

// Find returns all runs of all calls of the number, newest first. The error unread names the
// calls that could not be read; the other results are valid in spite of it.
func (o *Operator) Find(ctx context.Context, number Number) (found []Call, unread, err error) {
	// Calls without a hash come first: a call whose hash is set during the search is then found
	// twice, instead of never.
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
		hashed, err := o.listRuns(ctx, allCalls+" AND "+isOneOf(workflows.CallerHash.GetName(), hashes), 0)
		if err != nil {
			return nil, nil, err
		}
		runs = append(runs, hashed...)
	}
	found = []Call{} // JSON: an empty array, not null
	seen := make(map[string]bool)
	for _, run := range runs {
		if l := callOf(run); !seen[l.RunID] {
			seen[l.RunID], found = true, append(found, l)
		}
	}
	sortNewestFirst(found)
	return found, errors.Join(unread, unknown), nil
}

// hashes are the hashes of all spellings with all keys.
func (o *Operator) hashes(number Number) (hashes []string) {
	for _, spelling := range number.Spellings {
		hashes = append(hashes, o.Keys.CallerHashes(spelling)...)
	}
	return hashes
}

// countUnknown returns an error if calls are hashed with keys that are not set here.
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
		return locked(int(hashed), "their numbers are hashed with keys that are not set here (--encryption-key-file, CALLTHREAD_ENCRYPTION_KEYS)"), nil
	}
	return nil, nil
}

// PrintFound prints the calls of a number as a table, without the number.
func PrintFound(out io.Writer, found []Call) error {
	if len(found) == 0 {
		_, err := fmt.Fprintln(out, noneOfNumber)
		return err
	}
	return PrintCalls(out, found, len(found))
}

const noneOfNumber = "Temporal holds no call of this number."
