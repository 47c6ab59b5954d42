package activities

import (
	"maps"
	"slices"

	"github.com/callthread/callthread/automation"
	"github.com/callthread/callthread/call"
)

// Wanted is the conversation that an automations file wants for a call. The call's steps
// write it if no one else changes the conversation and Kustomer refuses nothing.
type Wanted struct {
	// Opens says that an automation opens a conversation for the call. If it is false, all
	// other fields are empty.
	Opens bool
	// Customer is the Kustomer customer that the file names. It is empty if the number
	// decides.
	Customer  string
	Direction string
	Name      string
	Status    string
	Priority  int
	// Users and Teams are Kustomer ids.
	Users, Teams []string
	// Tags are the tags of the final conversation, sorted. Untags are the tags that are
	// removed although no event of the call adds them.
	Tags, Untags []string
	// SetsTags says that tags which others added are removed.
	SetsTags bool
	Custom   map[string]any
	Notes    []WantedNote
	Message  *automation.Message
}

// WantedNote is the note of one event of a call.
type WantedNote struct {
	// Name identifies the note within the call.
	Name  string
	Event call.Kind
	Text  string
}

// Want renders a call's story with an automations file. Names contains the ids of the
// call's conversation in Kustomer, if they are known. Want sends no requests to Kustomer:
// the story contains the Kustomer users of the agents.
func Want(file *automation.Set, s call.Story, names call.Kustomer) Wanted {
	events := want(file, s, names)
	opening, _ := openingOf(file, s, events[0].facts)
	if !opening.Wanted {
		return Wanted{}
	}
	all := fold(events)
	w := Wanted{
		Opens: true, Customer: opening.Customer, Direction: opening.Direction,
		Name: all.name.value, Status: all.status.value, Priority: all.priority.value,
		Users: all.users.value, Teams: all.teams.value, SetsTags: all.set != "", Custom: make(map[string]any),
	}
	for name, value := range all.custom {
		w.Custom[name] = value.value
	}
	var added []string
	for _, e := range events {
		added = slices.Concat(added, e.AddTags, e.SetTags)
		if e.Note != "" {
			w.Notes = append(w.Notes, WantedNote{e.event, e.kind, e.Note})
		}
		if e.Message != nil {
			w.Message = e.Message
		}
	}
	for _, tag := range slices.Sorted(maps.Keys(all.tags)) {
		switch {
		case all.tags[tag].value:
			w.Tags = append(w.Tags, tag)
		case !slices.Contains(added, tag):
			w.Untags = append(w.Untags, tag)
		}
	}
	return w
}

// ExpectedBy returns which later events of a call the automations act on.
func ExpectedBy(file *automation.Set) call.Expects {
	expects := call.Expects{Recording: file.Handles(call.Recorded), WrapUpTime: file.WrapUpTime}
	expects.Finish = file.Handles(call.Finished) || expects.Recording || expects.WrapUpTime > 0
	return expects
}
