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

// found is what Kustomer holds for one call.
type found struct {
	id, url           string
	customerID        string
	conversations     int
	name              string
	status, direction string // these and the fields up to custom are empty if other users may change them
	priority          int
	assignedUsers     []string
	assignedTeams     []string
	tags              []string // names; nil if the API returns only ids
	custom            map[string]any
	notes             []kustomer.Note
	messages          []sandbox.Message // nil if the timeline is not read
	phones            []string          // the customer's numbers
	customers         int               // customers that share a number with this one, itself included
	// shared is set if other calls use the same conversation.
	shared bool
}

// isWhole reports whether the whole conversation is known and no other user changes it.
func (f found) isWhole() bool { return f.tags != nil }

// judge returns what is wrong with a call, and whether the call must have a conversation.
type judge func(simulator.Story, found) (problems []string, opens bool)

// check compares what Kustomer holds with the expected result of each call.
func (s *show) check(ctx context.Context, calls []played) Report {
	report := s.compare(ctx, calls)
	report.Seed = s.Seed
	s.notJudged(ctx, &report)
	if s.losses != nil {
		statement, err := s.reconciler.statement(ctx)
		if err != nil {
			report.Wrong = append(report.Wrong, "the final comparison failed: "+err.Error())
		}
		s.losses.report(statement, &report)
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

// judgeOf returns the judge. If webhooks are lost, incomplete calls are judged by what babelforce's
// log contains.
func (s *show) judgeOf() judge {
	if s.losses == nil {
		return s.judge
	}
	return func(story simulator.Story, is found) ([]string, bool) {
		isPart := s.losses.of(story.Key) != nil && len(story.Steps) > 0
		switch {
		case !isPart:
			return s.judge(story, is)
		case s.renderer != nil: // the result of the user's file for an incomplete call is not predictable
			_, opens := s.judge(story, is)
			return nil, opens
		}
		return judgePart(story, is)
	}
}

// compare looks up each call and judges what Kustomer holds for it.
func compare(calls []played, judge judge, look func(key string) (found, error)) Report {
	report := Report{Calls: len(calls)}
	for _, one := range calls {
		is, err := look(one.Key)
		for _, leg := range legs(one.Story) {
			own, _ := look(leg) // a failed look-up fails for the call itself too
			is.conversations += own.conversations
		}
		problems, opens := judge(one.Story, is)
		if one.err != nil {
			problems = append(problems, fmt.Sprintf("did not end: %v", one.err))
		}
		report.add(one.Story, is, err, problems, opens)
	}
	return report
}

// add counts a call: what Kustomer holds or why the look-up failed, and the problems found.
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

// noteIDs returns the sorted external ids of the notes.
func noteIDs(is found) []string {
	ids := make([]string, 0, len(is.notes))
	for _, note := range is.notes {
		ids = append(ids, note.ExternalID)
	}
	slices.Sort(ids)
	return ids
}

// order returns the order in which a call's events were delivered.
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

// legs returns the ids of a call's agent legs. A leg must not have a conversation itself.
func legs(story simulator.Story) (ids []string) {
	for _, step := range story.Steps {
		event, err := babelforce.Decode(step.Event, step.ContentType, step.Body)
		if err == nil && event.Call.ID != story.Key && !slices.Contains(ids, event.Call.ID) {
			ids = append(ids, event.Call.ID)
		}
	}
	return ids
}

// externalIDPrefix starts the external id of every conversation, note and message of a call.
const externalIDPrefix = "babelforce:"

func externalID(callKey string) string { return externalIDPrefix + callKey }

// lookUp reads a call through Kustomer's API. Its unique external ids rule out a second
// conversation.
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
