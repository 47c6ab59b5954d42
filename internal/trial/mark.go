package trial

import (
	"fmt"
	"regexp"
	"strconv"

	"go.yaml.in/yaml/v4"

	"github.com/callthread/callthread/automation"
	"github.com/callthread/callthread/automation/load"
)

// Automation identifies one automation of a file.
type Automation struct {
	Line  int    `json:"line"`
	Event string `json:"event"`
	Label string `json:"label,omitempty"`
}

// String returns the line, the event and the label, such as "line 7, call.bridged".
func (a Automation) String() string {
	text := fmt.Sprintf("line %d, %s", a.Line, a.Event)
	if a.Label != "" {
		text += ", " + a.Label
	}
	return text
}

// Marked is a copy of an automations file in which every automation writes a mark in place of its
// values. What is written then shows which automations act.
type Marked struct {
	Set         *automation.Set
	automations []Automation
	reached     map[int]bool
	ignored     []ignored // that have matched no call so far
}

// Mark makes the copy of a file that loads without problems. The country may be empty.
func Mark(country string, content []byte) (*Marked, error) {
	var file yaml.Node
	if err := yaml.Unmarshal(content, &file); err != nil {
		return nil, fmt.Errorf("mark the automations: %w", err)
	}
	m := &Marked{reached: make(map[int]bool)}
	root := file.Content[0]
	valueOf(valueOf(valueOf(root, "callers"), "returning"), "resolves").Value = "false" // it needs tags, and the copy sets none
	for _, item := range valueOf(root, "automations").Content {
		if err := m.mark(item); err != nil {
			return nil, fmt.Errorf("mark the automation on line %d: %w", item.Line, err)
		}
	}
	if err := m.readIgnored(country, valueOf(root, "ignore")); err != nil {
		return nil, fmt.Errorf("read \"ignore\": %w", err)
	}
	text, err := yaml.Marshal(&file)
	if err != nil {
		return nil, fmt.Errorf("mark the automations: %w", err)
	}
	m.Set, _, err = load.BytesIn(country, "the file with marks", text)
	return m, err
}

// mark puts a mark into an automation: as a custom attribute or, for an entry on the timeline,
// as the subject.
func (m *Marked) mark(item *yaml.Node) error {
	var is struct {
		Event, Label, Action string
		Enabled              *bool
	}
	if err := item.Decode(&is); err != nil {
		return err
	}
	mark := fmt.Sprintf("reached_%d", len(m.automations))
	var options any = map[string]any{"custom": map[string]string{mark: "yes"}}
	if is.Action == string(automation.CreateMessage) {
		options = map[string]any{"subject": mark}
	}
	m.automations = append(m.automations, Automation{Line: item.Line, Event: is.Event, Label: is.Label})
	m.reached[len(m.automations)-1] = is.Enabled != nil && !*is.Enabled // a disabled automation need not act
	return valueOf(item, "options").Encode(options)
}

func valueOf(mapping *yaml.Node, key string) *yaml.Node {
	for i := 0; i+1 < len(mapping.Content); i += 2 {
		if mapping.Content[i].Value == key {
			return mapping.Content[i+1]
		}
	}
	return &yaml.Node{}
}

var marks = regexp.MustCompile(`"reached_(\d+)"`)

// See records the automations whose marks are in what was written, as JSON.
func (m *Marked) See(written []byte) {
	for _, mark := range marks.FindAllSubmatch(written, -1) {
		if n, err := strconv.Atoi(string(mark[1])); err == nil {
			m.reached[n] = true
		}
	}
}

// Unreached returns the enabled automations whose mark was never seen, in the file's order.
func (m *Marked) Unreached() []Automation {
	unreached := []Automation{}
	for n, a := range m.automations {
		if !m.reached[n] {
			unreached = append(unreached, a)
		}
	}
	return unreached
}
