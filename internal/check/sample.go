package check

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"go.temporal.io/sdk/temporal"

	"github.com/callthread/callthread/activities"
	"github.com/callthread/callthread/automation"
	"github.com/callthread/callthread/call"
	"github.com/callthread/callthread/internal/storyfile"
	"github.com/callthread/callthread/internal/trial"
)

// Sample is a made-up call with the requests that each of its events would send.
type Sample struct {
	Call   string    `json:"call"`
	Events []Written `json:"events"`
	// Ignored is set if the file's "ignore" names the call.
	Ignored bool `json:"ignored,omitempty"`
	// NotUsed lists what the story states but the sample does not use.
	NotUsed []string `json:"notUsed,omitempty"`

	facts call.Facts // for "ignore"
}

// Writes reports whether any event would send a request.
func (s Sample) Writes() bool {
	return slices.ContainsFunc(s.Events, func(w Written) bool { return len(w.Requests) > 0 })
}

// Written contains what one step would write.
type Written struct {
	// Event is the event in the automations file, or several if one step handles them together.
	Event string `json:"event"`
	// At is the time of the step since the call began to ring, such as 1:05.
	At string `json:"at"`
	// Requests is empty, and not null, if nothing would be written.
	Requests []Request `json:"requests"`
	// Warnings are what operators would see in the call's workflow.
	Warnings []string `json:"warnings,omitempty"`
}

// Sampler plays calls with an automations file. It runs the same steps as the product, in an
// org that replaces Kustomer.
type Sampler struct {
	Set     *automation.Set
	Content []byte // of the file
	Country string // of numbers without a country code; "" if none is set
}

// Samples plays the stories. The result marked has the automations that acted in none of them, and
// the entries of "ignore" that matched none.
func (s Sampler) Samples(ctx context.Context, stories []storyfile.Story) (samples []Sample, marked *trial.Marked, err error) {
	marked, err = trial.Mark(s.Country, s.Content)
	if err != nil {
		return nil, nil, err
	}
	for _, story := range stories {
		sample, err := s.play(ctx, s.Set, story)
		if err == nil {
			samples = append(samples, sample)
			sample, err = s.play(ctx, marked.Set, story)
		}
		if err != nil {
			return nil, nil, fmt.Errorf("sample call %q: %w", story.Title, err)
		}
		marked.Match(sample.facts)
		for _, event := range sample.Events {
			for _, request := range event.Requests {
				marked.See(request.Body)
			}
		}
	}
	return samples, marked, nil
}

// began is the time at which sample calls begin to ring.
var began = time.Date(2026, 3, 2, 9, 30, 0, 0, time.UTC)

func (s Sampler) play(ctx context.Context, set *automation.Set, story storyfile.Story) (Sample, error) {
	events, agents, err := s.events(story)
	if err != nil {
		return Sample{}, err
	}
	org := newOrg(set.Needs(), story, agents)
	client, err := org.client()
	if err != nil {
		return Sample{}, err
	}
	p := player{
		org:    org,
		steps:  activities.New(client, func() *automation.Set { return set }, cmp.Or(story.Country, s.Country)),
		sample: Sample{Call: story.Title, NotUsed: s.notUsed(story, events)},
	}
	record := call.Record{Key: events[0].Leg.Key(), Started: events[0].ReceivedAt, Limits: call.DefaultLimits}
	err = trial.Play(&record, events, func(step call.Step, now time.Time) (call.Done, error) { return p.do(ctx, step, now) })
	p.addSilent(story)
	p.sample.facts = record.Final().Opening
	return p.sample, err
}

// events returns the events that the story's workflow would receive, and the Kustomer users
// of the agents that only this story names.
func (s Sampler) events(story storyfile.Story) (events []call.Event, agents []string, err error) {
	for _, e := range story.Reported() {
		event, err := story.Report(e, began)
		if err != nil {
			return nil, nil, err
		}
		events = append(events, event.Report(began.Add(e.At)))
		if id := e.Fields["agent.sourceId"]; automation.IsObjectID(id) {
			agents = append(agents, id)
		}
	}
	return events, agents, nil
}

// notUsed lists what the story states but a sample does not use.
func (s Sampler) notUsed(story storyfile.Story, events []call.Event) (left []string) {
	if story.With != nil || story.File != nil {
		left = append(left, "the story's own automations, because the checked file is used")
	}
	if story.Becomes != nil {
		left = append(left, "the result in \"becomes\", because a sample compares nothing")
	}
	unlisted := make(map[string]bool)
	for _, event := range events {
		for field := range event.Extra {
			unlisted[field] = !slices.Contains(s.Set.Fields, field)
		}
	}
	for _, field := range slices.Sorted(maps.Keys(unlisted)) {
		if unlisted[field] {
			left = append(left, fmt.Sprintf("the field %s, which the file does not list under \"fields\"", field))
		}
	}
	return left
}

// player runs the steps of one call.
type player struct {
	org          *org
	steps        *activities.Activities
	conversation activities.Conversation
	sample       Sample
}

func (p *player) do(ctx context.Context, step call.Step, now time.Time) (call.Done, error) {
	p.org.now = now
	is := Written{Event: eventsOf(step), At: storyfile.Clock(now.Sub(began))}
	input := activities.StepInput{Step: step, Conversation: p.conversation}
	result, err := p.attempt(ctx, input)
	var refused *temporal.ApplicationError
	if errors.As(err, &refused) && refused.Type() == activities.CallerUnknown {
		is.Warnings = append(is.Warnings, "the call is parked: "+refused.Message()+"; the rest assumes that an operator did so")
		input.Amend = &activities.Amendment{Customer: new(operators)}
		result, err = p.attempt(ctx, input)
	}
	if err != nil {
		return call.Done{}, err
	}
	p.conversation, p.sample.Ignored = result.Conversation, p.sample.Ignored || result.Ignored
	is.Requests, is.Warnings = p.org.sent(), append(is.Warnings, result.Warnings...)
	p.sample.Events = append(p.sample.Events, is)
	return call.Done{
		Conversation: result.Conversation.ID != "", Expects: result.Expects, Agents: result.Agents, Placer: result.Placer,
	}, nil
}

func (p *player) attempt(ctx context.Context, input activities.StepInput) (activities.StepResult, error) {
	if input.Has(call.Rang) {
		return p.steps.CreateConversation(ctx, input)
	}
	return p.steps.UpdateConversation(ctx, input)
}

// eventsOf returns the automations' events that a step handles.
func eventsOf(step call.Step) string {
	opening := "call.inbound"
	if step.Is.Opening.Outgoing {
		opening = "call.outbound"
	}
	events := map[call.Cause]string{
		call.Rang: opening, call.CustomerIdentified: opening, call.PickedUp: "call.bridged", call.AgentIdentified: "call.bridged",
		call.Ended: "call.finished", call.RecordingAvailable: "recording.finished", call.WrapUpOver: "call.wrappedUp",
		call.CustomerReached: "call.finished",
	}
	var names []string
	for _, cause := range step.Causes {
		if !slices.Contains(names, events[cause]) {
			names = append(names, events[cause])
		}
	}
	return strings.Join(names, ", ")
}

// addSilent adds the events that caused no step.
func (p *player) addSilent(story storyfile.Story) {
	for _, e := range story.Reported() {
		if !slices.ContainsFunc(p.sample.Events, func(w Written) bool { return strings.Contains(w.Event, e.Name) }) {
			p.sample.Events = append(p.sample.Events, Written{Event: e.Name, At: storyfile.Clock(e.At), Requests: []Request{}})
		}
	}
}
