package demo

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/callthread/callthread/babelforce"
	"github.com/callthread/callthread/babelforce/simulator"
	"github.com/callthread/callthread/kustomer"
	"github.com/callthread/callthread/kustomer/sandbox"
)

// found is what Kustomer holds of one call.
type found struct {
	id, url           string
	customerID        string
	conversations     int
	name              string
	status, direction string // empty where others may change them, as the following
	priority          int
	assignedUsers     []string
	assignedTeams     []string
	tags              []string // names; nil where only ids can be had
	custom            map[string]any
	notes             []kustomer.Note
	messages          []sandbox.Message // nil where none are written
	phones            []string          // of the customer
	customers         int               // who share a number with the customer, the customer included
	// shared says that the conversation is another call's too.
	shared bool
}

// isWhole reports whether all of the conversation is known, and nobody else changes it.
func (f found) isWhole() bool { return f.tags != nil }

// judge says what is not as it must be with a call, and whether the call must have a conversation at all.
type judge func(simulator.Story, found) (problems []string, opens bool)

// check compares what Kustomer holds with what must be true of each call.
func (s *show) check(ctx context.Context, calls []played) Report {
	report := s.compare(ctx, calls)
	report.Seed = s.Seed
	s.notJudged(ctx, &report)
	if s.losses != nil {
		s.losses.report(ctx, &report)
	}
	if s.storm != nil {
		s.storm.report(&report)
	}
	return report
}

func (s *show) compare(ctx context.Context, calls []played) Report {
	judge := s.judgeOf()
	if s.stage.Sandbox == nil {
		return compare(calls, judge, func(key string) (found, error) { return lookUp(ctx, s.stage.Kustomer, key) })
	}
	state := s.stage.Sandbox.State()
	holdings := holdingsOf(state, s.stage.Kustomer)
	report := compare(calls, judge, func(key string) (found, error) { return holdings[externalID(key)], nil })
	report.Requests = state.RequestTotal
	for _, struck := range state.Disturbed {
		report.Disturbed += struck
	}
	return report
}

// judgeOf judges calls whose webhooks arrived in part by what babelforce's log can tell of them.
func (s *show) judgeOf() judge {
	if s.losses == nil {
		return s.judge
	}
	return func(story simulator.Story, is found) ([]string, bool) {
		isPart := s.losses.of(story.Key) != nil && len(story.Steps) > 0
		switch {
		case !isPart:
			return s.judge(story, is)
		case s.renderer != nil: // what the file makes of a part is not foretold
			_, opens := s.judge(story, is)
			return nil, opens
		}
		return judgePart(story, is)
	}
}

// compare looks at what is held of each call.
func compare(calls []played, judge judge, look func(key string) (found, error)) Report {
	report := Report{Calls: len(calls)}
	for _, one := range calls {
		is, err := look(one.Key)
		for _, leg := range legs(one.Story) {
			own, _ := look(leg) // a look-up that fails has failed for the call too
			is.conversations += own.conversations
		}
		problems, opens := judge(one.Story, is)
		if one.err != nil {
			problems = append(problems, fmt.Sprintf("did not come to its end: %v", one.err))
		}
		report.add(one.Story, is, err, problems, opens)
	}
	return report
}

// add adds a call: what is held of it, or why that is not known, and what is wrong with it.
func (r *Report) add(story simulator.Story, is found, err error, problems []string, opens bool) {
	about := fmt.Sprintf("call %s (%s: %s)", story.Key, story.Title, order(story))
	isDoubled := is.conversations > 1 || is.customers > 1 || len(is.messages) > 1 || len(noteIDs(is)) > len(slices.Compact(noteIDs(is)))
	switch {
	case err != nil:
		r.Wrong = append(r.Wrong, fmt.Sprintf("%s cannot be checked: %v", about, err))
	case is.conversations == 0 && opens:
		r.Lost = append(r.Lost, fmt.Sprintf("%s has no conversation: %s", about, strings.Join(problems, "; ")))
	case isDoubled:
		r.Doubled = append(r.Doubled, fmt.Sprintf("%s has %d conversations, %d customers, %d entries on the timeline and the notes %v",
			about, is.conversations, is.customers, len(is.messages), noteIDs(is)))
	case len(problems) > 0:
		r.Wrong = append(r.Wrong, fmt.Sprintf("%s: %s", about, strings.Join(problems, "; ")))
	}
	r.Notes += len(is.notes)
	if story.Want.Answered() {
		r.Answered++
	}
	if !opens {
		r.Unopened++
	}
	if is.shared {
		r.Shared++
	}
}

// noteIDs are the notes' external ids, sorted.
func noteIDs(is found) []string {
	ids := make([]string, 0, len(is.notes))
	for _, note := range is.notes {
		ids = append(ids, note.ExternalID)
	}
	slices.Sort(ids)
	return ids
}

// order says in which order a call's events were delivered.
func order(story simulator.Story) string {
	var names []string
	for _, step := range story.Steps {
		name := strings.TrimPrefix(string(step.Event), "call-")
		if event, err := babelforce.Decode(step.Event, step.ContentType, step.Body); err == nil && event.Call.ParentID != "" {
			name += " (leg)"
		}
		names = append(names, name)
	}
	return strings.Join(names, ", ")
}

// legs are the ids of a call's agent attempts, which must not have conversations of their own.
func legs(story simulator.Story) (ids []string) {
	for _, step := range story.Steps {
		event, err := babelforce.Decode(step.Event, step.ContentType, step.Body)
		if err == nil && event.Call.ID != story.Key && !slices.Contains(ids, event.Call.ID) {
			ids = append(ids, event.Call.ID)
		}
	}
	return ids
}

// externalIDPrefix is what the external ids of a call's conversation, notes and messages begin with.
const externalIDPrefix = "babelforce:"

func externalID(callKey string) string { return externalIDPrefix + callKey }

// lookUp asks Kustomer's API, where its unique external ids rule out a second conversation.
func lookUp(ctx context.Context, client *kustomer.Client, key string) (found, error) {
	conversation, err := client.ConversationByExternalID(ctx, externalID(key))
	if kustomer.IsKind(err, kustomer.NotFound) {
		return found{}, nil
	}
	if err != nil {
		return found{}, err
	}
	is := found{
		id: conversation.ID, url: client.ConversationURL(conversation.CustomerID, conversation.ID), customerID: conversation.CustomerID,
		conversations: 1, assignedUsers: conversation.AssignedUsers,
	}
	if is.notes, err = client.Notes(ctx, conversation.ID); err != nil {
		return found{}, err
	}
	customer, err := client.Customer(ctx, conversation.CustomerID)
	if err != nil {
		return found{}, err
	}
	is.phones = customer.Phones
	return is, nil
}
