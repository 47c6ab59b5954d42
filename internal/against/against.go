// Package against renders calls that were served with one automations file with
// another one, and says what differs. It knows them from their histories in Temporal,
// and asks Kustomer nothing.
package against

import (
	"maps"
	"reflect"
	"slices"

	"github.com/callthread/callthread/activities"
	"github.com/callthread/callthread/automation"
	"github.com/callthread/callthread/call"
	"github.com/callthread/callthread/internal/operator"
)

// Files are the automations file that calls were served with, and the one that is to
// take its place.
type Files struct{ Old, New *automation.Set }

// Report says what the new file changes about calls.
type Report struct {
	// Compared is how many calls were rendered with both files, and Same how many of them
	// become the same conversation.
	Compared int `json:"compared"`
	Same     int `json:"same"`
	// Groups are the kinds of difference, those of the most calls first. A call may be in several.
	Groups []Group `json:"groups"`
	// Others are how many calls were opened with another version of the file, by version.
	Others map[string]int `json:"others,omitempty"`
	// Unopened have no conversation, because no step has opened one: they may be parked.
	Unopened int `json:"unopened,omitempty"`
	// UnderWay have not ended, so that it is not known yet what becomes of them.
	UnderWay int `json:"underWay,omitempty"`
	// Unread are how many calls cannot be read, by the reason.
	Unread map[string]int `json:"unread,omitempty"`
	// NeedsKustomer says what the reports about a call do not decide, and was not compared.
	NeedsKustomer []string `json:"needsKustomer,omitempty"`
}

// Group is one kind of difference.
type Group struct {
	// What says what differs. It contains nothing about a call that the files do not contain.
	What string `json:"what"`
	// Calls are those that it concerns, newest first.
	Calls []Concerned `json:"calls"`
}

// Concerned is a call that differs.
type Concerned struct {
	CallID string `json:"callId"`
	// Was and Is are the values with the old and the new file, which may contain names and
	// numbers; empty unless they are to be revealed.
	Was string `json:"was,omitempty"`
	Is  string `json:"is,omitempty"`
}

// Compare renders calls with both files.
func (f Files) Compare(pasts []operator.Past, reveal bool) *Report {
	r := &Report{Groups: []Group{}, Others: make(map[string]int), Unread: make(map[string]int), NeedsKustomer: f.needsKustomer()}
	d := differ{Files: f, texts: f.Old.Texts()}
	maps.Copy(d.texts, f.New.Texts())
	for _, past := range pasts {
		switch {
		case past.Unread != nil:
			r.Unread[past.Unread.Error()]++
		case past.Automations == "":
			r.Unopened++
		case past.Automations != f.Old.Version:
			r.Others[past.Automations]++
		case !past.HasEnded:
			r.UnderWay++
		default:
			r.add(past.CallID, d.differences(past), reveal)
		}
	}
	slices.SortStableFunc(r.Groups, func(a, b Group) int { return len(b.Calls) - len(a.Calls) })
	return r
}

// add takes over what differs about one call.
func (r *Report) add(id string, differences []difference, reveal bool) {
	r.Compared++
	if len(differences) == 0 {
		r.Same++
	}
	for _, d := range differences {
		concerned := Concerned{CallID: id}
		if reveal {
			concerned.Was, concerned.Is = d.was, d.is
		}
		i := slices.IndexFunc(r.Groups, func(g Group) bool { return g.What == d.what })
		if i < 0 {
			r.Groups = append(r.Groups, Group{What: d.what})
			i = len(r.Groups) - 1
		}
		r.Groups[i].Calls = append(r.Groups[i].Calls, concerned)
	}
}

// needsKustomer is what the files say differently, and only Kustomer could show on calls.
func (f Files) needsKustomer() (what []string) {
	if !reflect.DeepEqual(f.Old.Callers, f.New.Callers) {
		what = append(what, `"callers" has changed: whose conversation a call's is, and whether it joins an earlier one`)
	}
	if !reflect.DeepEqual(f.Old.Agents, f.New.Agents) {
		what = append(what, `"agents" has changed: who an agent is whom babelforce gives no sourceId. Calls are compared as if nothing had changed about that`)
	}
	return what
}

// wants is the conversation that a file wants for a call.
func wants(file *automation.Set, past operator.Past) (activities.Wanted, call.Story) {
	record := past.Record
	record.Opened = &call.Opened{Conversation: true, Expects: activities.ExpectedBy(file)}
	story := record.Final()
	story.Placer = past.Placer
	for i := range story.PickUps {
		story.PickUps[i].Resolved = past.Agents[story.PickUps[i].Note]
	}
	return activities.Want(file, story, past.Names), story
}
