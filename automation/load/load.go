// Package load reads the automations file: it makes an automation.Set of the
// YAML text, or finds all that is wrong with it, each with its place and, where
// there is one, the name that was probably meant.
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

// Far above what people write: a file within them is read in a moment, whatever is in it.
const (
	maxFile        = 1 << 20
	maxFields      = 100
	maxAutomations = 200
)

// Default is the set of automation.DefaultFile.
func Default() *automation.Set {
	set, _, err := Bytes("default.yaml", automation.DefaultFile)
	if err != nil {
		panic(err) // it is part of the program, and a test loads it
	}
	return set
}

// Bytes reads the content of an automations file that is at home in no country.
func Bytes(name string, content []byte) (set *automation.Set, warnings Problems, err error) {
	return BytesIn("", name, content)
}

// BytesIn reads the content of an automations file. The country, two letters or
// empty, is where its numbers without a country code are at home; the name is for
// messages. It fails with Problems, which are all that is wrong with the file. Warnings
// are what looks wrong but may be meant; there can be some in either case.
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

// contents are the parts of a file that are read last, because they name what is in the others.
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
		l.complain(c.resolves, `"resolves" needs a tag of calls that are lost, which is one that the opening gives and %s removes`, automation.EventNames[call.Bridged])
	}
}

// field reads the name of a field that webhooks carry beyond the known ones.
func (l *loader) field(n *yaml.Node) {
	name := l.scalar(n, "a field")
	switch _, known := automation.Placeholders[name]; {
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

func (l *loader) event(n *yaml.Node) call.Kind {
	name := l.choice(n, `"event"`, slices.Sorted(maps.Values(automation.EventNames))...)
	for kind, code := range automation.EventNames {
		if code == name {
			return kind
		}
	}
	return ""
}
