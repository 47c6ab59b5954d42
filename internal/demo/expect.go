package demo

import (
	"fmt"
	"slices"
	"strings"

	"github.com/callthread/callthread/activities"
	"github.com/callthread/callthread/babelforce/simulator"
	"github.com/callthread/callthread/call"
)

// judgeUsual compares a call with what the demo's usual automations must write. The expected
// values are stated here. Nothing is rendered from the file.
func judgeUsual(story simulator.Story, is found) (problems []string, opens bool) {
	expect := func(what string, want, has []string) {
		if !slices.Equal(want, has) {
			problems = append(problems, fmt.Sprintf("%s %v instead of %v", what, has, want))
		}
	}
	want, users := story.Want, []string{}
	if want.Answered() {
		users = []string{want.Agent().SourceID}
	}
	expect("is assigned to", users, is.assignedUsers)
	if is.tags != nil {
		// The tag of calls added from babelforce's log depends on how late the webhooks came.
		tags := slices.DeleteFunc(slices.Sorted(slices.Values(is.tags)), func(tag string) bool { return tag == activities.FromLogTag })
		expect("is tagged", wantTags(want), tags)
	}
	if is.status != "" {
		expect("is", []string{wantName(want), "open", want.Direction}, []string{is.name, is.status, is.direction})
	}
	if is.messages != nil {
		entries := []string{}
		for _, message := range is.messages {
			entries = append(entries, fmt.Sprintf("%s: %s, %s, %v", message.ExternalID, message.Channel, message.Direction, message.Meta["status"]))
		}
		expect("has on the timeline", []string{fmt.Sprintf("%s:voice: voice, %s, %s", externalID(story.Key), want.Direction, want.Outcome)}, entries)
	}
	notes := wantNotes(story)
	names := []string{}
	for _, note := range notes {
		names = append(names, note.name)
	}
	expect("has the notes", slices.Sorted(slices.Values(names)), noteIDs(is))
	for _, note := range notes {
		problems = append(problems, note.unsaid(is)...)
	}
	if withheld := want.Customer == "anonymous"; withheld && len(is.phones) > 0 || !withheld && !slices.Contains(is.phones, want.Customer) {
		problems = append(problems, "belongs to another customer than the one on the phone")
	}
	return problems, true
}

// judgePart judges a call with lost webhooks that was repaired from babelforce's log. It checks the caller, the agents who picked up, the last agent and the
// outcome. What was written before the repair stays: an answer by an agent who was not known
// yet, or a list of the agents known then. Only the end of an agent's leg reports who ended
// the call.
func judgePart(story simulator.Story, is found) (problems []string, opens bool) {
	want := story.Want
	problems, opens = judgeUsual(story, is)
	problems = slices.DeleteFunc(problems, func(problem string) bool {
		isWrittenOnce := strings.HasPrefix(problem, "has on the timeline ") && len(is.messages) == 1 // with the first outcome
		return isWrittenOnce || strings.HasPrefix(problem, "has the notes ") || strings.HasPrefix(problem, "the note ")
	})
	about := externalID(story.Key)
	var pickUps, ends []string // texts of the notes
	unnamed := 0
	for _, note := range is.notes {
		switch name := strings.TrimPrefix(note.ExternalID, about+":"); {
		case strings.HasPrefix(name, "bridged"), name == "answered" && !strings.HasPrefix(note.Body, "Answered by an agent."):
			pickUps = append(pickUps, note.Body)
		case name == "answered":
			unnamed++
		default:
			ends = append(ends, note.Body)
		}
	}
	has := func(texts []string, line string) bool {
		return slices.ContainsFunc(texts, func(text string) bool { return slices.Contains(strings.Split(text, "\n"), line) })
	}
	for _, bridge := range want.Bridges {
		if line := "Answered by " + bridge.Agent.Name + "."; !has(pickUps, line) {
			problems = append(problems, fmt.Sprintf("no note says %q", line))
		}
	}
	if len(pickUps) != len(want.Bridges) || unnamed > min(1, len(want.Bridges)) {
		problems = append(problems, fmt.Sprintf("has %d notes of pick-ups, and %d of unknown agents, instead of %d", len(pickUps), unnamed, len(want.Bridges)))
	}
	for _, line := range []string{"Call ended: " + call.Outcome(want.Outcome).InWords() + ".", "Total: " + inWords(want.Total)} {
		if !has(ends, line) {
			problems = append(problems, fmt.Sprintf("no note says %q", line))
		}
	}
	return problems, opens
}

func wantName(want simulator.Want) string {
	switch {
	case want.Direction == call.Out:
		return "Call to " + want.Customer
	case want.Customer == "anonymous":
		return "Call from a withheld number"
	}
	return "Call from " + want.Customer
}

// wantTags returns the sorted names of a call's tags.
func wantTags(want simulator.Want) []string {
	tags := []string{"babelforce", map[string]string{"in": "inbound_call", "out": "outbound_call"}[want.Direction], "call_" + want.Outcome}
	if want.Direction == "in" && !want.Answered() && want.Outcome != string(call.AfterHours) {
		tags = append(tags, "call_lost")
	}
	slices.Sort(tags)
	return tags
}

// wantedNote is a note that a call must have: its external id and the lines it must contain.
type wantedNote struct {
	name  string
	about string // prefix of its external id, if the order of arrival decides the rest
	words []string
}

// wantNotes returns the notes that a call must have.
func wantNotes(story simulator.Story) (notes []wantedNote) {
	id, want := externalID(story.Key), story.Want
	add := func(name string, words ...string) { notes = append(notes, wantedNote{name, name, words}) }
	for i, bridge := range want.Bridges {
		words := []string{"Answered by " + bridge.Agent.Name + "."}
		if bridge.Queue != "" {
			words = append(words, "Queue: "+bridge.Queue)
		}
		if bridge.Waited > 0 {
			words = append(words, "After: "+inWords(bridge.Waited))
		}
		note := wantedNote{id + ":bridged", id + ":bridged", words}
		if i > 0 {
			note.name = fmt.Sprintf("%s-%d", note.about, i+1)
		}
		notes = append(notes, note)
	}
	add(id+":finished", closingWords(want)...)
	if want.Recording != "" {
		add(id+":recorded", "Recording: "+want.Recording, "Length: "+inWords(want.Talked))
	}
	return notes
}

// closingWords returns the lines that the last note of a call must contain.
func closingWords(want simulator.Want) []string {
	words := []string{
		"Call ended: " + call.Outcome(want.Outcome).InWords() + ".",
		"Waited: " + inWords(want.Waited), "Total: " + inWords(want.Total),
	}
	var agents []string
	for _, bridge := range want.Bridges {
		agents = append(agents, bridge.Agent.Name)
	}
	if want.Answered() {
		words = append(words, "Agents: "+strings.Join(agents, ", "), "Talked: "+inWords(want.Talked))
	}
	if want.EndedBy != "" {
		words = append(words, "Ended by: "+want.EndedBy)
	}
	return words
}

// unsaid returns the lines that no matching note contains.
func (n wantedNote) unsaid(is found) []string {
	var missing []string
	for _, note := range is.notes {
		if !strings.HasPrefix(note.ExternalID, n.about) {
			continue
		}
		said := strings.Split(note.Body, "\n")
		missing = slices.DeleteFunc(slices.Clone(n.words), func(line string) bool { return slices.Contains(said, line) })
		if len(missing) == 0 {
			return nil
		}
	}
	var problems []string
	for _, line := range missing {
		problems = append(problems, fmt.Sprintf("the note %s does not say %q", n.name, line))
	}
	return problems
}

// inWords formats a duration as notes do.
func inWords(seconds int) string {
	if seconds < 60 {
		return fmt.Sprintf("%d s", seconds)
	}
	return fmt.Sprintf("%d min %d s", seconds/60, seconds%60)
}
