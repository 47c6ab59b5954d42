package activities

import (
	"reflect"
	"slices"

	"github.com/callthread/callthread/automation"
)

// stated is a value and the last event that set it.
type stated[T any] struct {
	value T
	by    string
}

// desired is what all events together set.
type desired struct {
	name, status stated[string]
	priority     stated[int]
	users, teams stated[[]string] // no users means unassigned
	tags         map[string]stated[bool]
	set          string // the last event that set the list of tags
	custom       map[string]stated[any]
}

// fold combines the contributions of all events. Assignees replace earlier ones, tags are
// added and removed, and of single values the last one counts.
func fold(events []contribution) desired {
	d := desired{tags: make(map[string]stated[bool]), custom: make(map[string]stated[any])}
	for _, e := range events {
		state(&d.name, e.Name, e.Name != "", e.event)
		state(&d.status, e.Status, e.Status != "", e.event)
		state(&d.priority, e.Priority, e.Priority != 0, e.event)
		state(&d.users, e.AssignedUsers, len(e.AssignedUsers) > 0 || e.unassign, e.event)
		state(&d.teams, e.AssignedTeams, len(e.AssignedTeams) > 0, e.event)
		for name, value := range e.Custom {
			d.custom[name] = stated[any]{value, e.event}
		}
		if e.SetTags != nil {
			d.set = e.event
			clear(d.tags)
		}
		for _, tag := range slices.Concat(e.SetTags, e.AddTags) {
			d.tags[tag] = stated[bool]{true, e.event}
		}
		for _, tag := range e.RemoveTags {
			d.tags[tag] = stated[bool]{false, e.event}
		}
	}
	return d
}

func state[T any](field *stated[T], value T, is bool, by string) {
	if is {
		*field = stated[T]{value, by}
	}
}

// difference is the change that a step makes, apart from its notes.
type difference struct {
	automation.Change
	// unassign says that the call's own agents are unassigned.
	unassign bool
}

// differ returns the values that changed between two stories, and all values of events that
// were not written yet, even if they are equal. Tags that are no longer wanted are removed
// if an event added them.
func differ(was, is []contribution) (d difference) {
	if was[0].unwanted != is[0].unwanted { // whether a conversation is opened is decided once
		was, is = was[1:], is[1:]
	}
	isNew := func(event string) bool {
		return event != "" && !slices.ContainsFunc(was, func(c contribution) bool { return c.event == event })
	}
	before, now := fold(was), fold(is)
	d.Name = changed(before.name, now.name, isNew)
	d.Status = changed(before.status, now.status, isNew)
	d.Priority = changed(before.priority, now.priority, isNew)
	d.AssignedTeams = changed(before.teams, now.teams, isNew)
	d.AssignedUsers = changed(before.users, now.users, isNew)
	d.unassign = now.users.by != "" && len(now.users.value) == 0 && (isNew(now.users.by) || len(before.users.value) > 0)
	for name, value := range now.custom {
		if was, known := before.custom[name]; !known || isNew(value.by) || !reflect.DeepEqual(was.value, value.value) {
			d.Custom = withAttribute(d.Custom, name, value.value)
		}
	}
	d.tag(before, now, isNew)
	return d
}

func changed[T any](before, now stated[T], isNew func(string) bool) (value T) {
	if isNew(now.by) || !reflect.DeepEqual(before.value, now.value) {
		return now.value
	}
	return value
}

func withAttribute(custom map[string]any, name string, value any) map[string]any {
	if custom == nil {
		custom = make(map[string]any)
	}
	custom[name] = value
	return custom
}

// tag determines the tags to add and to remove. If an event that was not written yet sets
// the tags, it determines the whole list.
func (d *difference) tag(before, now desired, isNew func(string) bool) {
	for tag, is := range now.tags {
		was, known := before.tags[tag]
		switch isDue := !known || was.value != is.value || isNew(is.by); {
		case isNew(now.set) && is.value:
			d.SetTags = append(d.SetTags, tag)
		case isDue && is.value:
			d.AddTags = append(d.AddTags, tag)
		case isDue:
			d.RemoveTags = append(d.RemoveTags, tag)
		}
	}
	for tag, was := range before.tags {
		if _, still := now.tags[tag]; !still && was.value {
			d.RemoveTags = append(d.RemoveTags, tag)
		}
	}
	slices.Sort(d.AddTags)
	slices.Sort(d.RemoveTags)
	slices.Sort(d.SetTags)
	if isNew(now.set) {
		d.AddTags, d.RemoveTags = nil, nil
		d.SetTags = append([]string{}, d.SetTags...)
	}
}
