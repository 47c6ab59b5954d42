package automation

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"

	"github.com/callthread/callthread/call"
)

// Far above what people write: a file within them is read in a moment, whatever is in it.
const (
	maxFile        = 1 << 20
	maxFields      = 100
	maxAutomations = 200
)

// eventNames are babelforce's codes of the events.
// That of calls which are placed is not documented in what we have, and call.wrappedUp is our own.
var eventNames = map[call.Kind]string{
	call.Inbound: "call.inbound", call.Outbound: "call.outbound", call.Bridged: "call.bridged", call.Finished: "call.finished",
	call.Recorded: "recording.finished", call.WrappedUp: "call.wrappedUp",
}

// Actions.
const (
	createAction  = "kustomer.conversation.create"
	updateAction  = "kustomer.conversation.update"
	messageAction = "kustomer.message.create"
)

// Load reads an automations file. The name is for its messages. It fails with
// Problems, which are all that is wrong with the file.
func Load(name string, content []byte) (*Set, error) {
	l := &loader{
		file: name, lines: strings.Split(string(content), "\n"),
		fields: make(map[string]bool), queues: make(table), named: make(map[string]*namedTrigger),
	}
	set := &Set{
		Version: fmt.Sprintf("%x", sha256.Sum256(content))[:12], zone: time.UTC, fields: l.fields, agents: make(table), queues: l.queues,
	}
	if root := l.parse(content); root != nil {
		l.readFile(root, set)
	}
	if len(l.problems) > 0 {
		slices.SortStableFunc(l.problems, func(a, b Problem) int {
			return cmp.Or(cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column))
		})
		if l.overwhelmed() {
			l.problems = append(l.problems, Problem{File: name, Text: fmt.Sprintf("these are the first %d problems", maxProblems)})
		}
		return nil, l.problems
	}
	slices.SortStableFunc(set.automations, func(a, b automation) int { return cmp.Compare(b.priority, a.priority) })
	return set, nil
}

// parse reads the one YAML document that the file must be.
func (l *loader) parse(content []byte) *yaml.Node {
	if len(content) > maxFile {
		l.complain(&yaml.Node{}, "larger than 1 MiB")
		return nil
	}
	var document, second yaml.Node
	decoder := yaml.NewDecoder(bytes.NewReader(content))
	if err := decoder.Decode(&document); err != nil {
		if errors.Is(err, io.EOF) {
			l.complain(&yaml.Node{}, `the file is empty: it needs "automations"`)
			return nil
		}
		l.notYAML(content)
		return nil
	}
	switch err := decoder.Decode(&second); {
	case errors.Is(err, io.EOF):
		return document.Content[0]
	case err != nil:
		l.notYAML(content)
	default:
		l.complain(&second, "a second document: the file must be one")
	}
	return nil
}

func (l *loader) readFile(root *yaml.Node, set *Set) {
	var items []*yaml.Node
	var wrapUp *yaml.Node
	l.mapping(root, "the file", map[string]func(*yaml.Node){
		"timezone": func(n *yaml.Node) { set.zone = l.zone(n) },
		"fields": func(n *yaml.Node) {
			l.sequence(n, `"fields"`, ", such as [a, b]", l.field)
		},
		"agents": func(n *yaml.Node) {
			l.readTable(n, set.agents, "agent", "user", "id of the agent, the e-mail address or the number")
		},
		"queues":  func(n *yaml.Node) { l.readTable(n, set.queues, "queue", "team", "id of the queue or its name") },
		"callers": func(n *yaml.Node) { set.Callers = l.callers(n) },
		"wrapUpTime": func(n *yaml.Node) {
			wrapUp, set.wrapUpTime = n, l.duration(n, `"wrapUpTime"`, time.Second, 2*time.Hour, "1s to 2h")
		},
		"triggers": func(n *yaml.Node) { l.namedTriggers(n) },
		"automations": func(n *yaml.Node) {
			l.sequence(n, `"automations"`, "", func(item *yaml.Node) { items = append(items, item) })
		},
	}, "automations")
	if len(items) > maxAutomations {
		l.complain(items[maxAutomations], "more than %d automations", maxAutomations)
		return
	}
	// Read last, because they name the fields, queues and triggers, wherever those stand.
	entries, allRead := l.automations(items)
	l.unusedTriggers()
	l.together(entries, allRead)
	l.wrapUp(wrapUp, entries, allRead, set)
	for _, e := range entries {
		if e.enabled {
			set.automations = append(set.automations, e.automation)
		}
	}
	if len(items) == 0 && len(l.problems) == 0 {
		l.complain(root, `"automations" is empty: no call would get a conversation`)
	}
}

// field reads the name of a field that webhooks carry beyond the known ones.
func (l *loader) field(n *yaml.Node) {
	name := l.scalar(n, "a field")
	switch _, known := placeholders[name]; {
	case n.Kind != yaml.ScalarNode:
	case known:
		l.complain(n, "{%s} is known anyway, without being listed as a field", name)
	case !namePattern.MatchString(name):
		l.complain(n, "%q cannot be the name of a field: use letters, digits, and _ . - inside", name)
	case len(l.fields) == maxFields:
		l.complain(n, "more than %d fields", maxFields)
	default:
		l.fields[name] = true
	}
}

func (l *loader) zone(n *yaml.Node) *time.Location {
	zone, err := time.LoadLocation(l.scalar(n, `"timezone"`))
	if err != nil {
		l.complain(n, "unknown time zone %q: use a name such as Europe/Berlin", n.Value)
		return time.UTC
	}
	return zone
}
