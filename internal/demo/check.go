package demo

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/callthread/callthread/babelforce"
	"github.com/callthread/callthread/kustomer"
)

// found is what Kustomer holds of one call.
type found struct {
	conversations int
	assignedUsers []string
	tags          []string // names; nil where only ids can be had
	notes         []string // external ids, one per note
	phones        []string // of the customer
}

// Report says what was proven of the calls that were played.
type Report struct {
	Calls, Answered, Notes, Requests int
	Lost, Doubled, Wrong             []string
}

func (r Report) right() bool { return len(r.Lost)+len(r.Doubled)+len(r.Wrong) == 0 }

func (r Report) String() string {
	good := r.Calls - len(r.Lost) - len(r.Doubled) - len(r.Wrong)
	line := fmt.Sprintf("%d of %d calls right: each has exactly one conversation, %d answered ones are with the agent who picked up, %d notes, none twice; %d lost, %d doubled, %d wrong",
		good, r.Calls, r.Answered, r.Notes, len(r.Lost), len(r.Doubled), len(r.Wrong))
	if r.Requests > 0 && r.Calls > 0 {
		line += fmt.Sprintf("; %.1f Kustomer requests per call", float64(r.Requests)/float64(r.Calls))
	}
	for _, problems := range [][]string{r.Lost, r.Doubled, r.Wrong} {
		for _, problem := range problems {
			line += "\n  " + problem
		}
	}
	return line + "."
}

// check compares what Kustomer holds with what must be true of each call.
func check(ctx context.Context, stage *Stage, stories []babelforce.Story) Report {
	if stage.Sandbox == nil {
		return compare(stories, func(key string) (found, error) { return lookUp(ctx, stage.Kustomer, key) })
	}
	state := stage.Sandbox.State()
	holdings := holdingsOf(state)
	report := compare(stories, func(key string) (found, error) { return holdings[externalID(key)], nil })
	report.Requests = state.RequestTotal
	return report
}

// compare looks at what is held of each call.
func compare(stories []babelforce.Story, look func(key string) (found, error)) Report {
	report := Report{Calls: len(stories)}
	for _, story := range stories {
		is, err := look(story.Key)
		for _, leg := range legs(story) {
			own, _ := look(leg) // a look-up that fails has failed for the call too
			is.conversations += own.conversations
		}
		problems := differences(story, is)
		switch {
		case err != nil:
			report.Wrong = append(report.Wrong, fmt.Sprintf("call %s: cannot be checked: %v", story.Key, err))
		case is.conversations == 0:
			report.Lost = append(report.Lost, fmt.Sprintf("call %s has no conversation (%s)", story.Key, story.Title))
		case is.conversations > 1 || len(slices.Compact(slices.Sorted(slices.Values(is.notes)))) < len(is.notes):
			report.Doubled = append(report.Doubled, fmt.Sprintf("call %s has %d conversations and the notes %v (%s)", story.Key, is.conversations, is.notes, story.Title))
		case len(problems) > 0:
			report.Wrong = append(report.Wrong, fmt.Sprintf("call %s: %s (%s)", story.Key, strings.Join(problems, "; "), story.Title))
		}
		report.Notes += len(is.notes)
		if story.Want.Answered {
			report.Answered++
		}
	}
	return report
}

// legs are the ids of a call's agent attempts, which must not have conversations of their own.
func legs(story babelforce.Story) (ids []string) {
	for _, step := range story.Steps {
		event, err := babelforce.Decode(step.Event, step.ContentType, step.Body)
		if err == nil && event.Call.ID != story.Key && !slices.Contains(ids, event.Call.ID) {
			ids = append(ids, event.Call.ID)
		}
	}
	return ids
}

// differences says in words what is not as the story wants it.
func differences(story babelforce.Story, is found) (problems []string) {
	id := externalID(story.Key)
	wantUsers, wantNotes, lost := []string{}, []string{}, true
	if story.Want.Answered {
		wantUsers, wantNotes, lost = []string{story.Want.AgentSourceID}, append(wantNotes, id+":bridged"), false
	}
	if story.Want.Finished {
		wantNotes = append(wantNotes, id+":finished")
	}
	if !slices.Equal(wantUsers, is.assignedUsers) && len(wantUsers)+len(is.assignedUsers) > 0 {
		problems = append(problems, fmt.Sprintf("assigned to %v instead of %v", is.assignedUsers, wantUsers))
	}
	if notes := slices.Sorted(slices.Values(is.notes)); !slices.Equal(slices.Sorted(slices.Values(wantNotes)), notes) {
		problems = append(problems, fmt.Sprintf("has the notes %v instead of %v", notes, wantNotes))
	}
	if is.tags != nil && (slices.Contains(is.tags, "call_lost") != lost || slices.Contains(is.tags, "call_answered") == lost) {
		problems = append(problems, fmt.Sprintf("is tagged %v", is.tags))
	}
	if withheld := !strings.HasPrefix(story.Want.From, "+"); !withheld && !slices.Contains(is.phones, story.Want.From) {
		problems = append(problems, "belongs to another customer than the caller")
	}
	return problems
}

func externalID(callKey string) string { return "babelforce:" + callKey }

// lookUp asks Kustomer's API, where its unique external ids rule out a second conversation.
func lookUp(ctx context.Context, client *kustomer.Client, key string) (found, error) {
	conversation, err := client.ConversationByExternalID(ctx, externalID(key))
	if kustomer.IsKind(err, kustomer.NotFound) {
		return found{}, nil
	}
	if err != nil {
		return found{}, err
	}
	is := found{conversations: 1, assignedUsers: conversation.AssignedUsers}
	notes, err := client.Notes(ctx, conversation.ID)
	if err != nil {
		return found{}, err
	}
	for _, note := range notes {
		is.notes = append(is.notes, note.ExternalID)
	}
	customer, err := client.Customer(ctx, conversation.CustomerID)
	if err != nil {
		return found{}, err
	}
	for _, phone := range customer.Phones {
		is.phones = append(is.phones, phone.Phone)
	}
	return is, nil
}
