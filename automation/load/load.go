// Package load reads an automations file. [Bytes] and [BytesIn] turn its YAML text into an
// [automation.Set] or return all problems of the file.
//
// A problem has a position. If a name is unknown, the message suggests the name that was probably
// meant. Warnings are about text that is valid but probably not intended.
package load

import (
	"cmp"
	"crypto/sha256"
	"fmt"
	"maps"
	"slices"
	"time"
	_ "time/tzdata" // the file may name a time zone, and a container may have none

	"go.yaml.in/yaml/v4"

	"github.com/callthread/callthread/automation"
	"github.com/callthread/callthread/call"
)

// The limits of a file. They far exceed real files. Any file within them is read quickly.
const (
	maxFile        = 1 << 20
	maxFields      = 100
	maxAutomations = 200
)

// Default returns the set of [automation.DefaultFile].
func Default() *automation.Set {
	set, _, err := Bytes("default.yaml", automation.DefaultFile)
	if err != nil {
		panic(err) // the file is part of the program, and a test loads it
	}
	return set
}

// Bytes reads the content of an automations file without a country. See [BytesIn].
func Bytes(name string, content []byte) (set *automation.Set, warnings Problems, err error) {
	return BytesIn("", name, content)
}

// BytesIn reads the content of an automations file. The country, two letters or empty, applies to
// phone numbers without a country code. The name is used in messages. The error is a [Problems]
// with all problems of the file. Warnings are about text that is probably not intended; they are
// returned with or without an error.
func BytesIn(country, name string, content []byte) (set *automation.Set, warnings Problems, err error) {
	set = (&automation.Set{
		Version: fmt.Sprintf("%x", sha256.Sum256(content))[:12], Zone: time.UTC,
		Agents: make(automation.Table), Queues: make(automation.Table), Numbers: make(automation.OwnNumbers),
	}).In(country)
	l := &loader{
		file: name, lines: lineBreak.Split(string(withoutMark(content)), -1), country: country, set: set,
		fields: make(map[string]bool), named: make(map[string]*namedTrigger),
		ownNumbers: make(map[string]*yaml.Node), ignored: make(map[string]*yaml.Node),
	}
	if root := l.parse(withoutMark(content)); root != nil {
		l.readFile(root, set)
	}
	l.warnings.sort()
	if len(l.problems) == 0 {
		return set, l.warnings, nil
	}
	l.problems.sort()
	if l.overwhelmed() {
		l.problems = append(l.problems, Problem{File: name, Text: fmt.Sprintf("these are the first %d problems", maxProblems)})
	}
	return nil, l.warnings, l.problems
}

// contents are the parts of a file that are read last, because they refer to other parts.
type contents struct {
	automations  []*yaml.Node
	wrapUp       *yaml.Node
	serviceLevel *yaml.Node
	resolves     *yaml.Node
}

func (l *loader) readFile(root *yaml.Node, set *automation.Set) {
	var later contents
	l.mapping(root, "the file", map[string]func(*yaml.Node){
		"timezone": func(n *yaml.Node) { set.Zone = l.zone(n) },
		"fields": func(n *yaml.Node) {
			l.sequence(n, `"fields"`, ", such as [a, b]", l.field)
		},
		"agents": func(n *yaml.Node) {
			l.readTable(n, set.Agents, "agent", "user", "id of the agent, the e-mail address or the number")
		},
		"queues":  func(n *yaml.Node) { l.readTable(n, set.Queues, "queue", "team", "id of the queue or its name") },
		"numbers": l.numbers,
		"ignore":  func(n *yaml.Node) { set.Ignore = l.ignore(n) },
		"callers": func(n *yaml.Node) { set.Callers = l.callers(n, &later) },
		"serviceLevel": func(n *yaml.Node) {
			later.serviceLevel, set.ServiceLevel = n, l.duration(n, `"serviceLevel"`, time.Second, time.Hour, "1s to 1h")
		},
		"wrapUpTime": func(n *yaml.Node) {
			later.wrapUp, set.WrapUpTime = n, l.duration(n, `"wrapUpTime"`, time.Second, 2*time.Hour, "1s to 2h")
		},
		"triggers": func(n *yaml.Node) { l.namedTriggers(n) },
		"automations": func(n *yaml.Node) {
			l.sequence(n, `"automations"`, "", func(item *yaml.Node) { later.automations = append(later.automations, item) })
		},
	}, "automations")
	l.bothTables()
	set.Fields = slices.Sorted(maps.Keys(l.fields))
	if items := later.automations; len(items) > maxAutomations {
		l.complain(items[maxAutomations], "more than %d automations", maxAutomations)
		return
	}
	l.readAutomations(later, set)
	if len(later.automations) == 0 && len(l.problems) == 0 {
		l.complain(root, `"automations" is empty: no call would get a conversation`)
	}
}

func (l *loader) readAutomations(c contents, set *automation.Set) {
	entries, allRead := l.automations(c.automations)
	l.unusedTriggers()
	l.together(entries, allRead)
	l.inOrder(entries)
	l.wrapUp(c.wrapUp, entries, allRead, set)
	if set.ServiceLevel > 0 && !l.usesServiceLevel {
		l.warn(c.serviceLevel, `"serviceLevel" is for {%s}, which the file does not use`, automation.WithinServiceLevel)
	}
	slices.SortStableFunc(entries, func(a, b entry) int { return cmp.Compare(b.priority, a.priority) })
	for _, e := range entries {
		if e.enabled {
			set.Automations = append(set.Automations, e.Automation)
		}
	}
	if set.Callers.Returning.Resolves && allRead && len(set.LostTags()) == 0 {
		l.complain(c.resolves, `"resolves" needs a tag of lost calls: a tag that the opening adds and %s removes`, automation.EventNames[call.Bridged])
	}
}

// field reads the name of a further field of the webhook.
func (l *loader) field(n *yaml.Node) {
	name := l.scalar(n, "a field")
	switch _, known := automation.Placeholders[name]; {
	case n.Kind != yaml.ScalarNode:
	case known:
		l.warn(n, "{%s} is a placeholder already: it needs no entry here", name)
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

func (l *loader) event(n *yaml.Node) call.Kind {
	name := l.choice(n, `"event"`, slices.Sorted(maps.Values(automation.EventNames))...)
	for kind, code := range automation.EventNames {
		if code == name {
			return kind
		}
	}
	return ""
}
