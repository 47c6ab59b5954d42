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

// Filter chooses calls by one of their search attributes.
type Filter struct {
	Name, Usage string   // of the flag
	Words       []string // that the attribute can have; nil is any
	attribute   temporal.SearchAttributeKeyKeyword
}

// Filters are all that an operator can choose calls by, besides their time.
var Filters = []Filter{
	{"phase", "calls in this `PHASE`: ", asWords(workflows.Phases), workflows.CallPhase},
	{"waits-for", "calls that wait for this: ", asWords(call.ListedWaits()), workflows.WaitsFor},
	{"outcome", "calls with this `OUTCOME`: ", append(asWords(call.Outcomes()), abandoned), workflows.CallOutcome},
	{"direction", "inbound or outbound calls: ", []string{call.In, call.Out}, workflows.CallDirection},
	{"agent", "calls whose last agent has this babelforce `ID`", nil, workflows.AgentID},
	{"queue", "calls through the queue of this `NAME`, in whatever case", nil, workflows.QueueName},
}

func asWords[T ~string](values []T) (words []string) {
	for _, value := range values {
		words = append(words, string(value))
	}
	return words
}

// workflowType is that of calls.
const workflowType = "CallWorkflow"

// allCalls finds all calls, and nothing else that may be in the namespace.
var allCalls = is("WorkflowType", workflowType)

// Query is a question to Temporal's workflow list. The zero value finds all live calls.
type Query struct {
	// Shadow finds calls in shadow instead of live ones.
	Shadow bool

	terms []string
	// sought says in the words of the flags what is looked for.
	sought []string
	// queue is the name of the queue that is looked for, as it was given; queues are the
	// names in its place that calls have.
	queue  string
	queues []string
}

// Only leaves calls whose attribute has the value. It refuses values that no call can have.
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

// Since leaves calls that began at a time or later.
func (q *Query) Since(at time.Time) {
	q.terms = append(q.terms, "StartTime >= "+quoted(at.UTC().Format(time.RFC3339Nano)))
	q.sought = append(q.sought, "since "+moment(at))
}

// Running leaves calls under way.
func (q *Query) Running() {
	q.terms = append(q.terms, is("ExecutionStatus", "Running"))
	q.sought = append(q.sought, "running")
}

// Ignored leaves calls that the automations file's "ignore" named.
func (q *Query) Ignored() {
	q.terms = append(q.terms, is(workflows.CallMarks.GetName(), workflows.MarkIgnored))
	q.sought = append(q.sought, workflows.MarkIgnored)
}

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

// abandoned stands for both ways in which a caller can give up, as in triggers of the automations file.
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

// quoted is how text is written in a query, where it can then mean nothing else, unless it is unfindable.
func quoted(value string) string { return "'" + strings.ReplaceAll(value, "'", "''") + "'" }

// unfindable are characters that Temporal escapes once too often for its SQL databases: nothing would be found.
func unfindable(r rune) bool { return r == '"' || r == '\\' || unicode.IsControl(r) }
