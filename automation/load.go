package automation

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"maps"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/xrash/smetrics"
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
var eventNames = map[call.Kind]string{call.Inbound: "call.inbound", call.Bridged: "call.bridged", call.Finished: "call.finished"}

// Actions.
const (
	createAction = "kustomer.conversation.create"
	updateAction = "kustomer.conversation.update"
)

// Load reads an automations file. The name is for its messages. It fails with
// Problems, which are all that is wrong with the file.
func Load(name string, content []byte) (*Set, error) {
	l := &loader{
		file: name, lines: strings.Split(string(content), "\n"),
		fields: make(map[string]bool), named: make(map[string]*namedTrigger),
	}
	set := &Set{Version: fmt.Sprintf("%x", sha256.Sum256(content))[:12], zone: time.UTC, fields: l.fields, agents: make(map[string]string)}
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
	l.mapping(root, "the file", map[string]func(*yaml.Node){
		"timezone": func(n *yaml.Node) { set.zone = l.zone(n) },
		"fields": func(n *yaml.Node) {
			l.sequence(n, `"fields"`, ", such as [a, b]", l.field)
		},
		"agents": func(n *yaml.Node) {
			l.pairs(n, `"agents"`, func(key, value *yaml.Node) { l.agent(key, value, set.agents) })
		},
		"callers":  func(n *yaml.Node) { set.Callers = l.callers(n) },
		"triggers": func(n *yaml.Node) { l.namedTriggers(n) },
		"automations": func(n *yaml.Node) {
			l.sequence(n, `"automations"`, "", func(item *yaml.Node) { items = append(items, item) })
		},
	}, "automations")
	if len(items) > maxAutomations {
		l.complain(items[maxAutomations], "more than %d automations", maxAutomations)
		return
	}
	var firstCreate, firstUpdate *yaml.Node
	allRead := true
	// Read last, because they name the fields and triggers, wherever those stand.
	for _, item := range items {
		a, enabled, ok := l.automation(item)
		allRead = allRead && ok
		if !enabled || !ok {
			continue
		}
		switch {
		case a.creates && firstCreate != nil:
			l.complain(item, "a second %s (the first is on line %d): one call gets one conversation", createAction, firstCreate.Line)
		case a.creates:
			firstCreate = item
		case firstUpdate == nil:
			firstUpdate = item
		}
		set.automations = append(set.automations, a)
	}
	l.unusedTriggers()
	// An automation that could not be read may be the one that creates.
	if firstUpdate != nil && firstCreate == nil && allRead {
		l.complain(firstUpdate, "an update with no %s: there would be no conversation to update", createAction)
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

// agent reads whom Kustomer knows an agent as. Agents are named by their id,
// e-mail address or number, in whatever case.
func (l *loader) agent(key, value *yaml.Node, agents map[string]string) {
	name, user := strings.ToLower(strings.TrimSpace(key.Value)), l.scalar(value, "an agent's Kustomer user")
	switch {
	case name == "" || isNull(key):
		l.complain(key, "an agent needs a name: babelforce's id of the agent, the e-mail address or the number")
	case value.Kind != yaml.ScalarNode:
	case !objectIDPattern.MatchString(user):
		l.complain(value, "%q is not a Kustomer id, which has 24 hexadecimal digits", user)
	case agents[name] != "":
		l.complain(key, "agent %q is there twice", key.Value)
	default:
		agents[name] = user
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

// automation reads one automation. The event comes first, wherever it stands:
// what the options may say depends on it.
func (l *loader) automation(n *yaml.Node) (a automation, enabled, ok bool) {
	var optionsNode, triggerNode *yaml.Node
	enabled = true
	var action, meant string
	l.mapping(n, "an automation", map[string]func(*yaml.Node){
		"label":         func(n *yaml.Node) { l.scalar(n, `"label"`) },
		"event":         func(n *yaml.Node) { a.event = l.event(n) },
		"action":        func(n *yaml.Node) { action, meant = l.action(n) },
		"priority":      func(n *yaml.Node) { a.priority = l.integer(n, `"priority"`, math.MinInt32, math.MaxInt32) },
		"enabled":       func(n *yaml.Node) { enabled = l.boolean(n, `"enabled"`) },
		"invertTrigger": func(n *yaml.Node) { a.trigger.invert = l.boolean(n, `"invertTrigger"`) },
		"trigger":       func(n *yaml.Node) { triggerNode = n },
		"options":       func(n *yaml.Node) { optionsNode = n },
	}, "event", "action", "options")
	a.creates = action == createAction
	if ok = a.event != "" && action != ""; !ok {
		if meant != "" && optionsNode != nil {
			// The options' own mistakes are worth telling at once; what an unknown event cannot know, nobody can say yet.
			l.options(optionsNode, cmp.Or(a.event, call.Finished), meant == createAction)
		}
		return a, enabled, ok
	}
	if a.creates && a.event != call.Inbound {
		l.complain(n, "%s goes with call.inbound: the conversation is opened while the phone rings", createAction)
	}
	if triggerNode != nil {
		invert := a.trigger.invert
		a.trigger = l.triggerOf(triggerNode, a.event)
		a.trigger.invert = a.trigger.invert != invert
	}
	if optionsNode != nil {
		a.options = l.options(optionsNode, a.event, a.creates)
	}
	return a, enabled, ok
}

// action also says which was meant, if it is misspelt but hardly another's name.
func (l *loader) action(n *yaml.Node) (action, meant string) {
	actions := []string{createAction, updateAction}
	if action = l.choice(n, `"action"`, actions...); action != "" || n.Value == "" {
		return action, action
	}
	const typos = 3 // "create" and "update" are further apart
	if meant = closest(n.Value, actions); smetrics.WagnerFischer(strings.ToLower(n.Value), meant, 1, 1, 1) > typos {
		return "", ""
	}
	return "", meant
}

func (l *loader) event(n *yaml.Node) call.Kind {
	name := l.choice(n, `"event"`, slices.Sorted(maps.Values(eventNames))...)
	for kind, code := range eventNames {
		if code == name {
			return kind
		}
	}
	return ""
}
