package webui

import (
	"context"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.temporal.io/api/workflowservice/v1"

	"github.com/callthread/callthread/call"
	"github.com/callthread/callthread/testsuite/document"
	"github.com/callthread/callthread/testsuite/stage"
	"github.com/callthread/callthread/workflows"
)

const docsPage = "../../docs/web-ui.md"

var (
	// filterRow is a row of the table of filters: its purpose, the filter, and a link if the filter
	// is the same for all.
	filterRow = regexp.MustCompile("(?m)^\\| ([^|`]+) \\| `([^`]+)` \\|(?: \\[open\\]\\(([^)]+)\\))?")
	since     = regexp.MustCompile(`StartTime > "[^"]+"`)
	until     = regexp.MustCompile(`StartTime < "[^"]+"`)
)

// Each filter in the document must find its calls on a real server.
func TestFiltersOfThePageFindTheirCalls(t *testing.T) {
	stage.NeedsTemporal(t)
	played, err := calls()
	require.NoError(t, err)
	expected := map[string][]string{
		"ring or are in a queue":               {ringing, held},
		"are with an agent":                    {talking, unassigned},
		"wait for Kustomer":                    {held},
		"wait for an operator":                 {parked},
		"are parked":                           {parked},
		"are parked for one reason":            {parked},
		"have gone on for long":                {ringing, held, talking, unassigned, parked},
		"were missed since then":               {missed},
		"had this outcome since then":          {missed},
		"an agent had":                         {talking, answered},
		"came through a queue":                 {talking, answered},
		"belong to a conversation":             {answered},
		"are the one with this id":             {answered},
		"came in":                              {ringing, held, talking, answered, unassigned, missed, parked, terminated},
		"were ended by hand, or were given up": {terminated},
	}
	rows := filterRow.FindAllStringSubmatch(document.Read(t, docsPage).Text, -1)
	require.Len(t, rows, len(expected))
	mine := strings.NewReplacer("6b04a32d682123e08a000002", conversation(t, answered), "my-first-call", answered)
	for _, row := range rows {
		what, filter := row[1], row[2]
		t.Run(what, func(t *testing.T) {
			require.Contains(t, expected, what)
			if row[3] != "" {
				link, err := url.Parse(row[3])
				require.NoError(t, err)
				require.Equal(t, filter, link.Query().Get("query"))
			}
			filter = since.ReplaceAllString(filter, `StartTime > "`+played.before.UTC().Format(time.RFC3339)+`"`)
			filter = until.ReplaceAllString(filter, `StartTime < "`+played.after.UTC().Format(time.RFC3339)+`"`)
			require.EventuallyWithT(t, func(t *assert.CollectT) { // the workflow list is eventually consistent
				assert.ElementsMatch(t, expected[what], found(t, mine.Replace(filter)))
			}, timeout, 100*time.Millisecond)
		})
	}
}

// found returns the keys of the calls that match a filter.
func found(t require.TestingT, filter string) (keys []string) {
	listed, err := product.Temporal.ListWorkflow(context.Background(), &workflowservice.ListWorkflowExecutionsRequest{Query: filter})
	require.NoError(t, err)
	for _, run := range listed.GetExecutions() {
		keys = append(keys, workflows.CallKey(run.GetExecution().GetWorkflowId()))
	}
	slices.Sort(keys)
	return keys
}

// The document must explain every term that the Web UI shows.
func TestDocumentsNameEveryTerm(t *testing.T) {
	page, operations := document.Read(t, docsPage), document.Read(t, "../../docs/operations.md")
	reference := document.Read(t, "../../docs/reference.md")
	registered := regexp.MustCompile(`for attribute in (.+); do`).FindStringSubmatch(operations.Text)
	require.NotNil(t, registered)
	var names []string
	for _, attribute := range workflows.SearchAttributes {
		names = append(names, attribute.GetName()+"="+attribute.GetValueType().String())
		page.Has(t, "`"+attribute.GetName()+"`")
		reference.Has(t, "`"+attribute.GetName()+"`")
	}
	require.ElementsMatch(t, names, strings.Fields(registered[1]), "what Temporal Cloud needs")
	for _, wait := range append(call.ListedWaits(), call.WaitsForLateReports) {
		if wait == call.WaitsForKustomer || wait == call.WaitsForOperator {
			continue // the document has more than a name for these
		}
		page.Has(t, "| `now: waits for "+wait.InWords()+"` | ")
	}
	for _, wait := range call.ListedWaits() {
		page.Has(t, "` | `"+string(wait)+"`")
	}
	for _, cause := range []call.Cause{
		call.Rang, call.PickedUp, call.CustomerIdentified, call.AgentIdentified, call.Ended, call.RecordingAvailable, call.WrapUpOver,
	} {
		page.Has(t, `"`+call.Step{Causes: []call.Cause{cause}}.InWords()+`"`)
	}
}
