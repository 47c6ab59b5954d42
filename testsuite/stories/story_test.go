package stories

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"go.yaml.in/yaml/v4"
)

// story is one call, as its file tells it.
type story struct {
	Title string `yaml:"story"`
	// Before is whom Kustomer knew before the call.
	Before []customer `yaml:"before"`
	// With is what is added to the built-in automations file, File what stands in its place.
	With map[string]any `yaml:"with"`
	File map[string]any `yaml:"file"`
	// Country is where numbers without a country code are at home.
	Country string `yaml:"country"`
	// ParentLeg of a call that was placed is the agent's, unless it says customer.
	ParentLeg string  `yaml:"parent leg"`
	Events    []told  `yaml:"events"`
	Becomes   picture `yaml:"becomes"`
}

// customer is somebody whom Kustomer knew before the call.
type customer struct {
	Name string `yaml:"customer"`
	// Number is the customer's own; Shares is one that others have too.
	Number        string    `yaml:"number"`
	Shares        string    `yaml:"shares"`
	Conversations []earlier `yaml:"conversations"`
}

// earlier is a conversation that a customer had before the call.
type earlier struct {
	Name   string        `yaml:"name"`
	Ago    time.Duration `yaml:"opened before"`
	Status string        `yaml:"status"`
	Tags   []string      `yaml:"tags"`
	// Assigned are users by name.
	Assigned []string `yaml:"assigned"`
	// Mail says that it was no call.
	Mail bool `yaml:"mail"`
}

// told is one event of babelforce's: "0:15 call.finished: { of: Ben, rang: 12s }".
type told struct {
	at    time.Duration
	event string

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
	// Lost says that it happened, and nobody was told.
	Lost bool `yaml:"lost"`
	// Only are the fields that the body has, where it has but a few.
	Only []string `yaml:"only"`
	// Fields are others, by babelforce's names for them, and go over what the rest says.
	Fields map[string]string `yaml:",inline"`
}

// UnmarshalYAML reads the time and the event's name, which are the key, and the rest.
func (e *told) UnmarshalYAML(n *yaml.Node) error {
	if n.Kind != yaml.MappingNode || len(n.Content) != 2 {
		return fmt.Errorf("line %d: an event is one time, one name and what there is to say", n.Line)
	}
	type rest told
	if err := n.Content[1].Decode((*rest)(e)); err != nil {
		return err
	}
	at, event, _ := strings.Cut(n.Content[0].Value, " ")
	var err error
	if e.at, err = clockTime(at); err != nil {
		return fmt.Errorf("line %d: %w", n.Line, err)
	}
	e.event = event
	for name := range e.Fields {
		if !strings.Contains(name, ".") {
			return fmt.Errorf("line %d: an event has no %q", n.Line, name)
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

// title is an event as failures show it.
func (e told) title() string {
	title := fmt.Sprintf("%d:%02d %s", e.at/time.Minute, e.at%time.Minute/time.Second, e.event)
	if e.Of != "" {
		title += " of " + e.Of
	}
	if e.Agent != "" {
		title += ", agent " + e.Agent
	}
	return title
}

// heard are the events that babelforce delivers.
func (s story) heard() (events []told) {
	for _, e := range s.Events {
		if !e.Lost {
			events = append(events, e)
		}
	}
	return events
}

// isOutgoing reports whether an agent has placed the call.
func (s story) isOutgoing() bool { return s.calledNumber() != "" }

// callersNumber is the number that the story's first event tells, which is that of the whole call.
func (s story) callersNumber() string {
	for _, e := range s.Events {
		if e.From != "" {
			return e.From
		}
	}
	return ""
}

// calledNumber is the customer's, of a call that was placed.
func (s story) calledNumber() string {
	for _, e := range s.Events {
		if e.To != "" {
			return e.To
		}
	}
	return ""
}
