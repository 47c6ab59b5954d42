// Package storyfile reads call stories, which are examples of calls in YAML. A story contains
// what Kustomer knew before the call, the events that babelforce reports, and the result.
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

// Story is one call as its file describes it.
type Story struct {
	Title string `yaml:"story"`
	// Before are the customers in Kustomer before the call.
	Before []Customer `yaml:"before"`
	// With is added to the built-in automations file. File replaces it.
	With map[string]any `yaml:"with"`
	File map[string]any `yaml:"file"`
	// Country is the country of numbers without a country code.
	Country string `yaml:"country"`
	// ParentLeg of an outbound call is the agent's leg, unless it is "customer".
	ParentLeg string  `yaml:"parent leg"`
	Events    []Event `yaml:"events"`
	// Becomes is the expected result; nil if the story does not state it.
	Becomes *Picture `yaml:"becomes"`
}

// Picture is the result of a call: the conversation as agents see it in Kustomer, and the
// workflow as operators see it in Temporal.
type Picture struct {
	// Conversation is the call's own, unless it is "none", or "joins" with the name of an earlier
	// one.
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
	// Agents are the agents who had the call, in order. LastAgent is the one in the workflow list.
	Agents    []string `yaml:"agents,omitempty"`
	LastAgent string   `yaml:"last agent,omitempty"`
	Legs      []string `yaml:"legs,omitempty"`
	// Queue, and Because (why the customer was chosen), are compared if the story states them.
	Queue    string   `yaml:"queue,omitempty"`
	Because  string   `yaml:"because,omitempty"`
	Parked   string   `yaml:"parked,omitempty"`
	Warnings []string `yaml:"warnings,omitempty"`
}

// Event is one event from babelforce: "0:15 call.finished: { of: Ben, rang: 12s }".
type Event struct {
	At   time.Duration `yaml:"-"` // since the call began
	Name string        `yaml:"-"` // such as call.finished

	// Of names the leg of the event: caller, customer, or the name of an agent.
	Of     string        `yaml:"of"`
	From   string        `yaml:"from"`
	To     string        `yaml:"to"`
	Agent  string        `yaml:"agent"`
	Queue  string        `yaml:"queue"`
	Rang   time.Duration `yaml:"rang"`
	Talked time.Duration `yaml:"talked"`
	Reason string        `yaml:"reason"`
	Link   string        `yaml:"link"`
	// Lost is set if the event happened but no webhook was sent.
	Lost bool `yaml:"lost"`
	// Only lists the fields of the body, if it has just these.
	Only []string `yaml:"only"`
	// Fields are further fields by babelforce's names. They override the others.
	Fields map[string]string `yaml:",inline"`
}

// Read reads a file of stories. Errors contain the name and the position of the first mistake.
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
			return nil, fmt.Errorf("%s: two stories have the title %q", name, s.Title)
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

// inOurWords removes Go's types from an error of the YAML library.
func inOurWords(err error) string {
	return goTypes.ReplaceAllString(yamlsWords.ReplaceAllString(err.Error(), ""), `there is no key "$1" here`)
}

// check returns an error if no webhook bodies can be made from the story.
func (s Story) check() error {
	if len(s.Reported()) == 0 {
		return errors.New("it has no event that is reported")
	}
	for _, e := range s.Events {
		for _, who := range []string{e.Of, e.Agent} {
			if _, known := AgentNamed(who); !known && !slices.Contains([]string{"", none, "caller", "customer"}, who) {
				return fmt.Errorf("%s: who is %s? The agents of stories are %s; of another, give agent.id, agent.name, …", e.Title(), who, names())
			}
		}
		if _, err := s.Report(e, time.Unix(0, 0)); err != nil {
			return err
		}
	}
	return nil
}

// UnmarshalYAML reads the time and the name of the event from the key, and the fields.
func (e *Event) UnmarshalYAML(n *yaml.Node) error {
	if n.Kind != yaml.MappingNode || len(n.Content) != 2 {
		return fmt.Errorf("line %d: an event is a time, a name and fields", n.Line)
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

// clockTime reads 3:04 or 1:03:04, the time since the call began.
func clockTime(text string) (at time.Duration, err error) {
	for unit := range strings.SplitSeq(text, ":") {
		n, err := strconv.Atoi(unit)
		if err != nil {
			return 0, fmt.Errorf("%q is not a time such as 3:04", text)
		}
		at = at*60 + time.Duration(n)*time.Second
	}
	return at, nil
}

// Clock formats a time since the call began as stories do.
func Clock(at time.Duration) string {
	return fmt.Sprintf("%d:%02d", at/time.Minute, at%time.Minute/time.Second)
}

// Title describes the event in failure messages.
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

// Reported returns the events that babelforce delivers.
func (s Story) Reported() (events []Event) {
	for _, e := range s.Events {
		if !e.Lost {
			events = append(events, e)
		}
	}
	return events
}

// IsOutgoing reports whether the call is outbound.
func (s Story) IsOutgoing() bool { return s.calledNumber() != "" }

// CallersNumber returns the number in the story's first event, which applies to the whole call.
func (s Story) CallersNumber() string {
	for _, e := range s.Events {
		if e.From != "" {
			return e.From
		}
	}
	return ""
}

// calledNumber returns the customer's number of an outbound call.
func (s Story) calledNumber() string {
	for _, e := range s.Events {
		if e.To != "" {
			return e.To
		}
	}
	return ""
}
