package operator

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"go.temporal.io/api/serviceerror"

	"github.com/callthread/callthread/workflows"
)

const (
	// maxCandidates limits how many calls an error names if several ids begin alike.
	maxCandidates = 10
	// candidateRuns limits the runs read for them; a call that was reset has several.
	candidateRuns = 100
)

// objectID matches Kustomer's ids.
var objectID = regexp.MustCompile(`^[0-9a-fA-F]{24}$`)

// IDHelp is the help text about ids of calls.
const IDHelp = "The beginning of a call's id is enough if no other call's id begins so."

// LookupError is returned if an id names no call, or several calls.
type LookupError string

func (e LookupError) Error() string { return string(e) }

func (o *Operator) unknown(id string) error {
	return LookupError(fmt.Sprintf("Temporal knows no call %q in namespace %s, none whose id begins so, and none whose conversation has this id: `starter calls` lists the calls, "+
		"`starter parked` those that wait for a decision. Temporal forgets a call when the namespace's retention has passed since its end", id, o.Namespace))
}

// ambiguous is the error for an id that fits several calls.
func ambiguous(what string, candidates []Call) error {
	var ids []string
	for _, c := range candidates[:min(len(candidates), maxCandidates)] {
		ids = append(ids, c.CallID)
	}
	more := ""
	if len(ids) < len(candidates) {
		more = ", and others"
	}
	return LookupError(fmt.Sprintf("%s: %s%s. Name one of them", what, strings.Join(ids, ", "), more))
}

// Calls returns the call with this id, or the calls whose Kustomer conversation has this id, or
// the only call whose id begins with it. It returns at least one call, or a [LookupError].
func (o *Operator) Calls(ctx context.Context, id string) ([]Call, error) {
	found, err := o.withID(ctx, id)
	if found != nil || err != nil {
		return found, err
	}
	if objectID.MatchString(id) {
		inIt := allCalls + " AND " + is(workflows.KustomerConversationID.GetName(), strings.ToLower(id))
		those, _, err := o.List(ctx, inIt, 0)
		if len(those) > 0 || err != nil {
			return latestRuns(those), err
		}
	}
	return o.withPrefix(ctx, id)
}

// call returns the one call that an id names.
func (o *Operator) call(ctx context.Context, id string) (Call, error) {
	those, err := o.Calls(ctx, id)
	switch {
	case err != nil:
		return Call{}, err
	case len(those) > 1:
		return Call{}, ambiguous("several calls share conversation "+id, those)
	}
	return those[0], nil
}

// workflowID returns the workflow id for the id of a call. The argument may already be a
// workflow id; calls in shadow are always named by theirs.
func workflowID(id string) string {
	if isShadow(id) {
		return id
	}
	return workflows.WorkflowID(workflows.CallKey(id))
}

func isShadow(id string) bool { return strings.HasPrefix(id, workflows.ShadowID("")) }

// withID returns the call with this id, live or in shadow, or nil if there is none.
func (o *Operator) withID(ctx context.Context, id string) ([]Call, error) {
	found, err := o.describe(ctx, workflowID(id))
	if found == nil && err == nil && !isShadow(id) {
		return o.describe(ctx, workflows.ShadowID(workflows.CallKey(id)))
	}
	return found, err
}

// describe returns the call with this workflow id, or nil if there is none.
func (o *Operator) describe(ctx context.Context, workflowID string) ([]Call, error) {
	described, err := o.Temporal.DescribeWorkflowExecution(ctx, workflowID, "")
	var unknown *serviceerror.NotFound
	switch run := described.GetWorkflowExecutionInfo(); {
	case errors.As(err, &unknown):
		return nil, nil
	case err != nil:
		return nil, err
	case run.GetType().GetName() != workflowType:
		return nil, LookupError(fmt.Sprintf("%s is a workflow of type %s, and not a call", workflowID, run.GetType().GetName()))
	default:
		return []Call{callOf(run)}, nil
	}
}

// withPrefix returns the only call whose id begins with id.
func (o *Operator) withPrefix(ctx context.Context, id string) ([]Call, error) {
	prefix := workflows.CallKey(id)
	if prefix == "" || strings.ContainsFunc(prefix, unfindable) {
		return nil, o.unknown(id)
	}
	runs, err := o.listRuns(ctx, allCalls+" AND WorkflowId STARTS_WITH "+quoted(workflowID(prefix)), candidateRuns)
	if err != nil {
		return nil, err
	}
	var those []Call
	for _, run := range runs {
		if c := callOf(run); strings.HasPrefix(c.CallID, prefix) { // on SQLite, STARTS_WITH ignores case
			those = append(those, c)
		}
	}
	sortNewestFirst(those)
	those = latestRuns(those)
	switch len(those) {
	case 0:
		return nil, o.unknown(id)
	case 1:
		return those, nil
	}
	return nil, ambiguous(fmt.Sprintf("the ids of several calls begin with %q", prefix), those)
}

// latestRuns leaves out runs that were reset; such a call continued in a later run.
func latestRuns(newestFirst []Call) (latest []Call) {
	seen := make(map[string]bool)
	for _, c := range newestFirst {
		if !seen[c.CallID] {
			latest = append(latest, c)
		}
		seen[c.CallID] = true
	}
	return latest
}

func sortNewestFirst(those []Call) {
	slices.SortStableFunc(those, func(a, b Call) int { return b.StartedAt.Compare(a.StartedAt) })
}
