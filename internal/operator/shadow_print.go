package operator

import (
	"fmt"
	"io"
	"strings"
	"text/tabwriter"

	"github.com/callthread/callthread/activities"
	"github.com/callthread/callthread/workflows"
)

// shadow prints the requests that a call in shadow would have sent, without their values, and the
// conversations of the automation in use.
func (s sheet) shadow(shadow *workflows.Shadow) {
	if shadow == nil {
		return
	}
	var would []string
	for _, step := range shadow.Steps {
		would = append(would, moment(step.At)+" "+step.InWords())
		for _, request := range step.Requests {
			would = append(would, "- "+requestInWords(request))
		}
	}
	s.lines("Would send", would)
	if shadow.Vendor != nil {
		s.lines("Vendor", vendorInWords(*shadow.Vendor))
	}
}

func requestInWords(request activities.Withheld) string {
	words := request.Method + " " + request.Route
	if len(request.Fields) > 0 {
		words += " (" + strings.Join(request.Fields, ", ") + ")"
	}
	return words
}

func vendorInWords(b activities.VendorComparison) []string {
	lines := []string{strings.Join(known(string(b.Verdict), string(b.Reason)), ": ")}
	for _, found := range b.Found {
		other := ""
		if found.OtherAgent {
			other = " (a user who did not pick up)"
		}
		lines = append(lines, fmt.Sprintf("conversation %s of %s: assignees %s%s, tags %s, status %s, notes %d for %d",
			found.ConversationID, moment(found.CreatedAt), found.Assignees, other, found.Tags, found.Status, found.Notes, b.Notes))
	}
	return lines
}

// Print prints the totals, and a table of the calls whose conversations differ from the call's
// own.
func (r ShadowReport) Print(out io.Writer) error {
	fmt.Fprintln(out, r.Totals.inWords())
	var odd []ShadowCall
	for _, c := range r.Calls {
		if c.isOdd() {
			odd = append(odd, c)
		}
	}
	if len(odd) == 0 {
		return nil
	}
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table)
	row(table, "CALL", "RANG", "VENDOR", "ASSIGNEES", "TAGS", "STATUS", "NOTES", "CONVERSATIONS")
	for _, c := range odd {
		row(table, c.cells()...)
	}
	return table.Flush()
}

func (t ShadowTotals) inWords() string {
	words := fmt.Sprintf("%d calls: the vendor's automation made %d conversations, %d calls have two or more, %d have none; %d are assigned to an agent who did not pick up",
		t.Calls, t.Conversations, t.Several, t.None, t.OtherAgent)
	words += fmt.Sprintf("\nOf the %d calls with one conversation, %d differ in assignees, %d in tags, %d in status, %d in the number of notes",
		t.One, t.Differ.Assignees, t.Differ.Tags, t.Differ.Status, t.Differ.Notes)
	for _, rest := range []struct {
		calls int
		are   string
	}{
		{t.Ambiguous, "ambiguous"}, {t.NotCompared, "not compared"}, {t.UnderWay, "under way"}, {t.Unread, "unread: their runs were ended, or cannot be read"},
	} {
		if rest.calls > 0 {
			words += fmt.Sprintf("\n%d more are %s", rest.calls, rest.are)
		}
	}
	return words
}

func (c ShadowCall) cells() []string {
	var assignees, tags, status, notes, conversations []string
	for _, found := range c.Found {
		who := string(found.Assignees)
		if found.OtherAgent {
			who = "other agent"
		}
		assignees, tags, status = append(assignees, who), append(tags, string(found.Tags)), append(status, string(found.Status))
		notes = append(notes, fmt.Sprint(found.Notes))
		conversations = append(conversations, found.ConversationID)
	}
	in := func(cells []string) string { return strings.Join(cells, "/") }
	return []string{
		c.CallID, moment(c.Rang), strings.Join(known(string(c.Verdict), string(c.Reason)), ": "),
		in(assignees), in(tags), in(status), strings.Trim(fmt.Sprintf("%s for %d", in(notes), c.Notes), " "), in(conversations),
	}
}
