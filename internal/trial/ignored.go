package trial

import (
	"fmt"
	"slices"
	"strings"

	"go.yaml.in/yaml/v4"

	"github.com/callthread/callthread/automation"
	"github.com/callthread/callthread/automation/load"
	"github.com/callthread/callthread/call"
)

// Position is the position of an entry in an automations file. The entry itself may be personal data.
type Position struct {
	Line   int `json:"line"`   // starts at 1
	Column int `json:"column"` // starts at 1, in characters
}

// maxPositions is how many positions a text names.
const maxPositions = 8

// Positions returns a text with the positions, such as "4:7, 5:7".
func Positions(all []Position) string {
	var texts []string
	for _, p := range all[:min(len(all), maxPositions)] {
		texts = append(texts, fmt.Sprintf("%d:%d", p.Line, p.Column))
	}
	if more := len(all) - len(texts); more > 0 {
		return fmt.Sprintf("%s and %d more", strings.Join(texts, ", "), more)
	}
	return strings.Join(texts, ", ")
}

// ignored is an entry of the file's "ignore".
type ignored struct {
	at  Position
	set *automation.Set // ignores what this entry matches, and nothing else
}

// readIgnored reads the entries of the file's "ignore".
func (m *Marked) readIgnored(country string, ignore *yaml.Node) error {
	for _, list := range []string{"callers", "called"} {
		for _, item := range valueOf(ignore, list).Content {
			alone := map[string]any{
				"ignore":      map[string]any{list: []*yaml.Node{item}},
				"automations": []any{map[string]any{"event": "call.inbound", "action": automation.CreateConversation, "options": map[string]string{"name": "Call"}}},
			}
			text, err := yaml.Marshal(alone)
			if err != nil {
				return err
			}
			set, _, err := load.BytesIn(country, "the entry alone", text)
			if err != nil {
				return err
			}
			m.ignored = append(m.ignored, ignored{at: Position{Line: item.Line, Column: item.Column}, set: set})
		}
	}
	return nil
}

// Match records which entries of "ignore" match a call.
func (m *Marked) Match(facts call.Facts) {
	m.ignored = slices.DeleteFunc(m.ignored, func(i ignored) bool { return i.set.Ignores(facts) })
}

// Unmatched returns the entries of "ignore" that have matched no call so far, in the file's order.
func (m *Marked) Unmatched() []Position {
	unmatched := make([]Position, len(m.ignored))
	for n, i := range m.ignored {
		unmatched[n] = i.at
	}
	return unmatched
}
