package demo

import (
	"cmp"
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"time"

	"github.com/callthread/callthread/automation"
	"github.com/callthread/callthread/babelforce/simulator"
	"github.com/callthread/callthread/call"
	"github.com/callthread/callthread/internal/trial"
)

// Own is the user's automations file.
type Own struct {
	Name    string // shown in the output
	Content []byte
}

// renderer derives from the user's file what Kustomer must hold for a call. It shares triggers
// and templates with the product, but not the code that writes to Kustomer.
type renderer struct {
	set    *automation.Set
	marked *trial.Marked
	stormy bool // steps are delayed
	// What is not compared: the texts of the notes of some calls, and some transferred calls.
	textless, handedOn, resolvable int
}

func newRenderer(options Options, set *automation.Set) (*renderer, error) {
	marked, err := trial.Mark(options.Country, options.Own.Content)
	return &renderer{set: set, marked: marked}, err
}

// wanted is what a file must produce for one call.
type wanted struct {
	opens bool
	// customer is the one that the file names; "" is the caller's.
	customer                string
	name, status, direction string
	priority                int
	users, teams, tags      []string
	custom                  map[string]any
	written
}

// written is what is written once, with what was known at the time.
type written struct {
	notes    []heldNote
	messages []automation.Message
}

// heldNote is a note by its kind. The numbers in the names of several notes of a kind depend
// on the order of arrival and are not compared.
type heldNote struct{ kind, text string }

var numbered = regexp.MustCompile(`-\d+$`)

func (w *written) note(name, text string) {
	if text != "" {
		w.notes = append(w.notes, heldNote{numbered.ReplaceAllString(name, ""), text})
	}
}

// wants renders a call whose conversation has these ids in Kustomer. Each report arrives
// once, in the order of the reported times.
func (r *renderer) wants(story simulator.Story, names call.Kustomer) (wanted, error) {
	reports, err := r.reports(story)
	if err != nil {
		return wanted{}, err
	}
	slices.SortStableFunc(reports, func(a, b call.Event) int { return a.ReceivedAt.Compare(b.ReceivedAt) })
	var once written
	opens := false
	record := call.Record{Key: story.Key, Started: reports[0].ReceivedAt, Limits: call.DefaultLimits}
	err = trial.Play(&record, reports, func(step call.Step, _ time.Time) (call.Done, error) {
		is := r.known(step.Is, story.Want)
		if step.Has(call.Rang) {
			opening := r.open(is.Opening)
			opens = opening.Wanted
			once.note(string(call.Inbound), opening.Note)
		}
		for _, e := range laterThan(step.Was, is) {
			change := r.change(e, names)
			once.note(e.name, change.Note)
			if change.Message != nil {
				once.messages = append(once.messages, *change.Message)
			}
		}
		return call.Done{Conversation: opens, Expects: r.expects()}, nil
	})
	if !opens {
		return wanted{}, err
	}
	w := r.fields(r.known(record.Was, story.Want), names)
	w.written = once
	if n := len(record.Was.PickUps); n > len(story.Want.Bridges) || n < len(story.Want.Bridges) && r.expects().Finish {
		err = cmp.Or(err, fmt.Errorf("the reports make %d pick-ups, of %d that there were", n, len(story.Want.Bridges)))
	}
	return w, err
}

// fields returns the conversation of a complete call. Users and teams replace earlier ones,
// tags are added and removed, and of a single value the last one wins.
func (r *renderer) fields(story call.Story, names call.Kustomer) wanted {
	o := r.open(story.Opening)
	w := wanted{
		opens: true, customer: o.Customer, name: o.Name, status: o.Status, direction: o.Direction, priority: o.Priority,
		users: o.AssignedUsers, teams: o.AssignedTeams, tags: o.Tags, custom: o.Custom,
	}
	for _, e := range laterThan(call.Story{}, story) {
		c := r.change(e, names)
		w.name, w.status, w.priority = cmp.Or(c.Name, w.name), cmp.Or(c.Status, w.status), cmp.Or(c.Priority, w.priority)
		w.users, w.teams = orBefore(c.AssignedUsers, w.users), orBefore(c.AssignedTeams, w.teams)
		if c.SetTags != nil {
			w.tags = c.SetTags
		}
		w.tags = slices.DeleteFunc(slices.Concat(w.tags, c.AddTags), func(tag string) bool { return slices.Contains(c.RemoveTags, tag) })
		for name, value := range c.Custom {
			w.custom[name] = value
		}
	}
	slices.Sort(w.tags)
	w.tags = slices.Compact(w.tags)
	return w
}

func orBefore(list, before []string) []string {
	if len(list) > 0 {
		return list
	}
	return before
}

// event is an event of a call, after its beginning, that automations act on.
type event struct {
	name  string // of its note
	kind  call.Kind
	facts call.Facts
}

// laterThan returns the events of a story that the earlier story does not have, in order.
func laterThan(was, is call.Story) (events []event) {
	for _, p := range is.PickUps {
		if !slices.ContainsFunc(was.PickUps, func(before call.PickUp) bool { return before.Note == p.Note }) {
			events = append(events, event{p.Note, call.Bridged, p.Facts})
		}
	}
	if is.Closing != nil && was.Closing == nil {
		events = append(events, event{is.Closing.Note, call.Finished, is.Closing.Facts})
	}
	for _, recording := range is.Recordings[len(was.Recordings):] {
		facts := is.Closing.Facts
		facts.Recording = recording.Recording
		events = append(events, event{recording.Note, call.Recorded, facts})
	}
	if is.WrappedUp && !was.WrappedUp {
		events = append(events, event{string(call.WrappedUp), call.WrappedUp, is.Closing.Facts})
	}
	return events
}

func (r *renderer) open(facts call.Facts) automation.Opening {
	r.marked.Match(facts)
	opening, _ := r.set.Open(facts)
	mark, _ := r.marked.Set.Open(facts)
	r.see(mark)
	return opening
}

func (r *renderer) change(e event, names call.Kustomer) automation.Change {
	e.facts.Kustomer = names
	change, _ := r.set.Change(e.kind, e.facts)
	mark, _ := r.marked.Set.Change(e.kind, e.facts)
	r.see(mark)
	return change
}

// see records the automations whose marks are in the text.
func (r *renderer) see(mark any) {
	if text, err := json.Marshal(mark); err == nil {
		r.marked.See(text)
	}
}
