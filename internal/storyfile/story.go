// Package storyfile reads call stories: what babelforce reports about a call, by
// example and in YAML, what Kustomer knew before the call, and what becomes of it.
// testsuite/stories/README.md is the reference of the format.
package storyfile

import (
	"bytes"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"go.yaml.in/yaml/v4"
)

// Story is one call, as its file tells it.
type Story struct {
	Title string `yaml:"story"`
	// Before is whom Kustomer knew before the call.
	Before []Customer `yaml:"before"`
	// With is what is added to the built-in automations file, File what stands in its place.
	With map[string]any `yaml:"with"`
	File map[string]any `yaml:"file"`
	// Country is where numbers without a country code are at home.
	Country string `yaml:"country"`
	// ParentLeg of a call that was placed is the agent's, unless it says customer.
	ParentLeg string  `yaml:"parent leg"`
	Events    []Event `yaml:"events"`
	// Becomes is what is seen in the end; nil where the story does not say.
	Becomes *Picture `yaml:"becomes"`
}

// Picture is what is seen in the end: the conversation as agents find it in
// Kustomer, and the call's run as operators find it in Temporal.
type Picture struct {
	// Conversation is the call's own, unless it says "none", or "joins" and the name of an earlier one.
	Conversation string            `yaml:"conversation,omitempty"`
	Customer     string            `yaml:"customer,omitempty"`
	Name         string            `yaml:"name,omitempty"`
	Direction    string            `yaml:"direction,omitempty"`
	Status       string            `yaml:"status,omitempty"`
	Tags         []string          `yaml:"tags,omitempty"`
	Assigned     []string          `yaml:"assigned,omitempty"`
	Teams        []string          `yaml:"teams,omitempty"`
	Custom       map[string]string `yaml:"custom,omitempty"`
	Notes        []string          `yaml:"notes,omitempty"`
	Voice        []string          `yaml:"voice,omitempty"`
	// Settled are the names of earlier conversations that lose the tag call_lost.
	Settled []string `yaml:"settled,omitempty"`

	Phase   string `yaml:"phase,omitempty"`
	Outcome string `yaml:"outcome,omitempty"`
	// Agents are those who had the call, in order; LastAgent is the one in the workflow list.
	Agents    []string `yaml:"agents,omitempty"`
	LastAgent string   `yaml:"last agent,omitempty"`
	Legs      []string `yaml:"legs,omitempty"`
	// Queue, and why the conversation is the customer's, are looked at where a story says them.
	Queue    string   `yaml:"queue,omitempty"`
	Because  string   `yaml:"because,omitempty"`
	Parked   string   `yaml:"parked,omitempty"`
	Warnings []string `yaml:"warnings,omitempty"`
}

// Event is one event of babelforce's: "0:15 call.finished: { of: Ben, rang: 12s }".
type Event struct {
	At   time.Duration `yaml:"-"` // since the call began
	Name string        `yaml:"-"` // such as call.finished

	// Of is whose leg the event is about: caller, customer, or the name of an agent.
	Of     string        `yaml:"of"`
	From   string        `yaml:"from"`
	To     string        `yaml:"to"`
	Agent  string        `yaml:"agent"`
	Queue  string        `yaml:"queue"`
	Rang   time.Duration `yaml:"rang"`
	Talked time.Duration `yaml:"talked"`
	Reason string        `yaml:"reason"`
	Link   string        `yaml:"link"`
	// Lost says that it happened, and that no webhook was sent.
	Lost bool `yaml:"lost"`
	// Only are the fields that the body has, where it has but a few.
	Only []string `yaml:"only"`
	// Fields are others, by babelforce's names for them, and go over what the rest says.
	Fields map[string]string `yaml:",inline"`
}

// Read reads a file of stories. The name is for errors, which say where and what
// the first mistake is.
func Read(name string, content []byte) (stories []Story, err error) {
	decoder := yaml.NewDecoder(bytes.NewReader(content))
	decoder.KnownFields(true)
	if err := decoder.Decode(&stories); err != nil {
		return nil, fmt.Errorf("%s: %s", name, inOurWords(err))
	}
	titles := make(map[string]bool)
	for i, s := range stories {
		switch {
		case s.Title == "":
			return nil, fmt.Errorf("%s: story %d has no title: it begins with \"- story: what happens\"", name, i+1)
		case titles[s.Title]:
			return nil, fmt.Errorf("%s: two stories are called %q", name, s.Title)
		}
		titles[s.Title] = true
		if err := s.check(); err != nil {
			return nil, fmt.Errorf("%s: story %q: %w", name, s.Title, err)
		}
	}
	return stories, nil
}

var (
	yamlsWords = regexp.MustCompile(`^yaml: (\w+ errors:\s*)?`)
	goTypes    = regexp.MustCompile(`field (\S+) not found in type \S+`)
)

// inOurWords is an error of the YAML library without Go's types.
func inOurWords(err error) string {
	return goTypes.ReplaceAllString(yamlsWords.ReplaceAllString(err.Error(), ""), `there is no key "$1" here`)
}

// check refuses what no body can be made of.
func (s Story) check() error {
	if len(s.Reported()) == 0 {
		return errors.New("it has no event that is reported")
	}
	for _, e := range s.Events {
		for _, who := range []string{e.Of, e.Agent} {
			if _, known := AgentNamed(who); !known && !slices.Contains([]string{"", Nobody, "caller", "customer"}, who) {
				return fmt.Errorf("%s: who is %s? The agents of stories are %s; of another, give agent.id, agent.name, …", e.Title(), who, names())
			}
		}
		if _, err := s.Report(e, time.Unix(0, 0)); err != nil {
			return err
		}
	}
	return nil
}

// UnmarshalYAML reads the time and the event's name, which are the key, and the rest.
func (e *Event) UnmarshalYAML(n *yaml.Node) error {
	if n.Kind != yaml.MappingNode || len(n.Content) != 2 {
		return fmt.Errorf("line %d: an event is one time, one name and what there is to say", n.Line)
	}
	type rest Event
	if err := n.Content[1].Decode((*rest)(e)); err != nil {
		return err
	}
	at, name, _ := strings.Cut(n.Content[0].Value, " ")
	var err error
	if e.At, err = clockTime(at); err != nil {
		return fmt.Errorf("line %d: %w", n.Line, err)
	}
	e.Name = name
	for name := range e.Fields {
		if !strings.Contains(name, ".") {
			return fmt.Errorf("line %d: an event has no %q; a field of babelforce's has a bucket, such as call.state", n.Line, name)
		}
	}
	return nil
}

// clockTime reads 3:04 and 1:03:04, the time since the call began.
func clockTime(text string) (at time.Duration, err error) {
	for unit := range strings.SplitSeq(text, ":") {
		n, err := strconv.Atoi(unit)
		if err != nil {
			return 0, fmt.Errorf("%q is no time such as 3:04", text)
		}
		at = at*60 + time.Duration(n)*time.Second
	}
	return at, nil
}

// Clock is a time since the call began, as stories write it.
func Clock(at time.Duration) string {
	return fmt.Sprintf("%d:%02d", at/time.Minute, at%time.Minute/time.Second)
}

// Title is an event as failures show it.
func (e Event) Title() string {
	title := Clock(e.At) + " " + e.Name
	if e.Of != "" {
		title += " of " + e.Of
	}
	if e.Agent != "" {
		title += ", agent " + e.Agent
	}
	return title
}

// Reported are the events that babelforce delivers.
func (s Story) Reported() (events []Event) {
	for _, e := range s.Events {
		if !e.Lost {
			events = append(events, e)
		}
	}
	return events
}

// IsOutgoing reports whether an agent has placed the call.
func (s Story) IsOutgoing() bool { return s.calledNumber() != "" }

// CallersNumber is the number that the story's first event tells, which is that of the whole call.
func (s Story) CallersNumber() string {
	for _, e := range s.Events {
		if e.From != "" {
			return e.From
		}
	}
	return ""
}

// calledNumber is the customer's, of a call that was placed.
func (s Story) calledNumber() string {
	for _, e := range s.Events {
		if e.To != "" {
			return e.To
		}
	}
	return ""
}
