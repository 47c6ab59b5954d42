// Package against compares two automations files on real calls: the file that served the calls, and
// a new one. It computes for each call what either file would write to Kustomer, and reports the
// differences.
//
// It reads the calls from their histories in Temporal, and sends no request to Kustomer. What needs
// Kustomer, such as who a caller is, is not compared; the report lists it.
package against

import (
	"errors"
	"maps"
	"reflect"
	"slices"

	"github.com/callthread/callthread/activities"
	"github.com/callthread/callthread/automation"
	"github.com/callthread/callthread/call"
	"github.com/callthread/callthread/internal/operator"
	"github.com/callthread/callthread/phone"
)

// Files are the automations file that served the calls, and the file to replace it.
type Files struct {
	Old, New *automation.Set
	Country  string // of numbers without a country code, two letters; "" if none is set
}

// Report is the comparison of two files on a set of calls. It contains names and numbers only on
// request (see [Concerned]).
type Report struct {
	// Compared is the number of compared calls. Same is the number of those without a difference.
	Compared int `json:"compared"`
	Same     int `json:"same"`
	// Groups are the kinds of difference, the most frequent first. A call may be in several.
	Groups []Group `json:"groups"`
	// Others counts calls that were opened with a different version of the file, by version.
	Others map[string]int `json:"others,omitempty"`
	// Unopened counts calls for which no activity has opened a conversation, such as parked ones.
	Unopened int `json:"unopened,omitempty"`
	// UnderWay counts calls that have not ended.
	UnderWay int `json:"underWay,omitempty"`
	// Unread counts calls that cannot be read, by reason.
	Unread map[string]int `json:"unread,omitempty"`
	// WithoutCountry counts calls whose customer's number has no country code, if no country is set.
	WithoutCountry int `json:"withoutCountry,omitempty"`
	// NeedsKustomer lists changes that were not compared, because they depend on data in Kustomer.
	NeedsKustomer []string `json:"needsKustomer,omitempty"`
}

// Group is one kind of difference.
type Group struct {
	// What describes the difference. It contains values only if one of the files contains them.
	What string `json:"what"`
	// Calls are the calls with this difference, newest first.
	Calls []Concerned `json:"calls"`
}

// Concerned is a call with a difference.
type Concerned struct {
	CallID string `json:"callId"`
	// Was and Is are the values with the old and the new file. They may contain personal data and
	// are empty unless Compare was called with reveal.
	Was string `json:"was,omitempty"`
	Is  string `json:"is,omitempty"`
}

// Compare compares the files on calls. With reveal the report contains the values of each call.
func (f Files) Compare(pasts []operator.Past, reveal bool) *Report {
	r := &Report{Groups: []Group{}, Others: make(map[string]int), Unread: make(map[string]int), NeedsKustomer: f.needsKustomer()}
	d := differ{Files: f, texts: f.Old.Texts()}
	maps.Copy(d.texts, f.New.Texts())
	for _, past := range pasts {
		if f.needsCountry(past) {
			r.WithoutCountry++
		}
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

// add adds the differences of one call.
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

// needsCountry reports whether the customer's number of a call cannot be looked up without a country.
func (f Files) needsCountry(past operator.Past) bool {
	if past.Unread != nil {
		return false
	}
	_, err := phone.Parse(past.Record.Facts().CustomersNumber(), f.Country)
	return errors.Is(err, phone.ErrNoCountry)
}

// needsKustomer lists the differences between the files whose effect depends on Kustomer.
func (f Files) needsKustomer() (what []string) {
	if !reflect.DeepEqual(f.Old.Callers, f.New.Callers) {
		what = append(what, `"callers" has changed: the customer of a call, and whether it joins an earlier conversation`)
	}
	if !reflect.DeepEqual(f.Old.Agents, f.New.Agents) {
		what = append(what, `"agents" has changed: the user of an agent for whom babelforce has no sourceId. Calls are compared as if this had not changed`)
	}
	return what
}

// wants returns the conversation that a file would make of a call.
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
