package activities

import (
	"maps"
	"slices"

	"github.com/callthread/callthread/automation"
	"github.com/callthread/callthread/call"
)

// Wanted is the conversation that an automations file wants for a call. It is what the
// call's steps write together, if nobody else changes the conversation and Kustomer
// refuses nothing.
type Wanted struct {
	// Opens says that an automation opens a conversation for the call. If none does, all
	// other fields are empty.
	Opens bool
	// Customer is the Kustomer customer whom the file names, empty if the number decides.
	Customer  string
	Direction string
	Name      string
	Status    string
	Priority  int
	// Users and Teams are Kustomer ids.
	Users, Teams []string
	// Tags are those that the conversation has in the end, sorted. Untags are those that are
	// removed although no event of the call adds them.
	Tags, Untags []string
	// SetsTags says that the tags which others have added are removed.
	SetsTags bool
	Custom   map[string]any
	Notes    []WantedNote
	Message  *automation.Message
}

// WantedNote is the note of one event of a call.
type WantedNote struct {
	// Name tells the notes of one call apart.
	Name  string
	Event call.Kind
	Text  string
}

// Want renders a call's story with an automations file. The names are those of the
// call's conversation in Kustomer, as far as they are known. It asks Kustomer nothing:
// who the agents are there is part of the story.
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

// ExpectedBy says which later events of a call the automations act on.
func ExpectedBy(file *automation.Set) call.Expects {
	expects := call.Expects{Recording: file.Handles(call.Recorded), WrapUpTime: file.WrapUpTime}
	expects.Finish = file.Handles(call.Finished) || expects.Recording || expects.WrapUpTime > 0
	return expects
}
