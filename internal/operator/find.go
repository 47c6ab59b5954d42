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

// locked says that calls may be the number's, and that a key is missing to look through them.
func locked(calls int, why string) error {
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
		hashed, err := o.listRuns(ctx, allCalls+" AND "+isOneOf(workflows.CallerHash.GetName(), hashes), 0)
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
	sortNewestFirst(those)
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
		return locked(int(hashed), "their numbers are hashed with keys that are not set here (--encryption-key-file, CALLTHREAD_ENCRYPTION_KEYS)"), nil
	}
	return nil, nil
}

// PrintFound prints the calls of a number, which it does not name.
func PrintFound(out io.Writer, those []Call) error {
	if len(those) == 0 {
		_, err := fmt.Fprintln(out, noneOfNumber)
		return err
	}
	return PrintCalls(out, those, len(those))
}

const noneOfNumber = "Temporal holds no call of this number."
