package operator

import (
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode"

	"go.temporal.io/sdk/temporal"

	"github.com/callthread/callthread/call"
	"github.com/callthread/callthread/workflows"
)

// Filter is a command-line flag that filters calls by a search attribute.
type Filter struct {
	Name, Usage string   // of the flag
	Words       []string // values that the attribute can have; nil allows any
	attribute   temporal.SearchAttributeKeyKeyword
}

// Filters are the filters for calls, in addition to the start time.
var Filters = []Filter{
	{"phase", "calls in this `PHASE`: ", asWords(workflows.Phases), workflows.CallPhase},
	{"waits-for", "calls that wait for this: ", asWords(call.ListedWaits()), workflows.WaitsFor},
	{"outcome", "calls with this `OUTCOME`: ", append(asWords(call.Outcomes()), abandoned), workflows.CallOutcome},
	{"direction", "inbound or outbound calls: ", []string{call.In, call.Out}, workflows.CallDirection},
	{"agent", "calls whose last agent has this babelforce `ID`", nil, workflows.AgentID},
	{"queue", "calls through the queue of this `NAME`, regardless of case", nil, workflows.QueueName},
}

func asWords[T ~string](values []T) (words []string) {
	for _, value := range values {
		words = append(words, string(value))
	}
	return words
}

// workflowType is the workflow type of calls.
const workflowType = "CallWorkflow"

// allCalls is the query for all calls, and for no other workflow of the namespace.
var allCalls = is("WorkflowType", workflowType)

// Query is a query on Temporal's workflow list. The zero value matches all live calls.
type Query struct {
	// Shadow selects calls in shadow instead of live ones.
	Shadow bool

	terms []string
	// sought describes the query in the flags' words.
	sought []string
	// queue is the queue name that was given. queues are the names with which it is searched for:
	// the given one, or those that differ from it only in case.
	queue  string
	queues []string
}

// Only restricts the query to calls whose attribute has the value. It fails if no call can have
// the value.
func (q *Query) Only(f Filter, value string) error {
	if f.Words != nil && !slices.Contains(f.Words, value) {
		return fmt.Errorf("--%s: there is no %s %q, only %s", f.Name, f.Name, value, strings.Join(f.Words, ", "))
	}
	if strings.ContainsFunc(value, unfindable) {
		return fmt.Errorf("--%s: Temporal cannot look for %q, because of its double quotation marks, backslashes or control characters", f.Name, value)
	}
	q.sought = append(q.sought, f.Name+" "+value)
	switch {
	case f.attribute == workflows.QueueName:
		q.queue = value
		q.queues = []string{value}
	case value == abandoned:
		q.terms = append(q.terms, isOneOf(f.attribute.GetName(), waysToAbandon()))
	default:
		q.terms = append(q.terms, is(f.attribute.GetName(), value))
	}
	return nil
}

// Since restricts the query to calls that began at a time or later.
func (q *Query) Since(at time.Time) {
	q.terms = append(q.terms, "StartTime >= "+quoted(at.UTC().Format(time.RFC3339Nano)))
	q.sought = append(q.sought, "since "+moment(at))
}

// Running restricts the query to calls whose workflow is running.
func (q *Query) Running() {
	q.terms = append(q.terms, is("ExecutionStatus", "Running"))
	q.sought = append(q.sought, "running")
}

// Ignored restricts the query to calls that "ignore" in the automations file matched.
func (q *Query) Ignored() {
	q.terms = append(q.terms, is(workflows.CallMarks.GetName(), workflows.MarkIgnored))
	q.sought = append(q.sought, workflows.MarkIgnored)
}

// String returns the query in the syntax of Temporal's list filter.
func (q *Query) String() string {
	ids := workflows.WorkflowID("")
	if q.Shadow {
		ids = workflows.ShadowID("")
	}
	terms := append([]string{allCalls, "WorkflowId STARTS_WITH " + quoted(ids)}, q.terms...)
	if q.queues != nil {
		terms = append(terms, isOneOf(workflows.QueueName.GetName(), q.queues))
	}
	return strings.Join(terms, " AND ")
}

// abandoned stands for both outcomes of a caller who gives up, as in the automations file.
const abandoned = "abandoned"

func waysToAbandon() []string {
	return asWords(slices.DeleteFunc(call.Outcomes(), func(o call.Outcome) bool { return !o.IsAbandoned() }))
}

func isOneOf(attribute string, values []string) string {
	if len(values) == 1 {
		return is(attribute, values[0])
	}
	return attribute + " IN " + quotedList(values)
}

func quotedList(values []string) string {
	var list []string
	for _, value := range values {
		list = append(list, quoted(value))
	}
	return "(" + strings.Join(list, ", ") + ")"
}

func is(attribute, value string) string { return attribute + " = " + quoted(value) }

// quoted is text as a string literal of a query. It must not contain unfindable characters.
func quoted(value string) string { return "'" + strings.ReplaceAll(value, "'", "''") + "'" }

// unfindable reports characters that Temporal escapes twice for SQL databases: a query with them
// finds nothing.
func unfindable(r rune) bool { return r == '"' || r == '\\' || unicode.IsControl(r) }
