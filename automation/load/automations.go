package load

import (
	"cmp"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/xrash/smetrics"
	"go.yaml.in/yaml/v4"

	"github.com/callthread/callthread/automation"
	"github.com/callthread/callthread/call"
)

// entry is an automation with its place in the file.
type entry struct {
	automation.Automation
	node     *yaml.Node
	priority int
	enabled  bool
}

// automations reads the automations and returns those without problems. allRead reports whether
// that is all of them.
func (l *loader) automations(items []*yaml.Node) (entries []entry, allRead bool) {
	allRead = true
	for _, item := range items {
		e, ok := l.automation(item)
		if allRead = allRead && ok; ok {
			entries = append(entries, e)
		}
	}
	return entries, allRead
}

// together complains about automations that conflict with others or lack a required one.
func (l *loader) together(entries []entry, allRead bool) {
	first := l.onceOnly(entries)
	if !allRead {
		return // the missing creation may be one that could not be read
	}
	for _, e := range entries {
		opened := slices.ContainsFunc([]call.Kind{call.Inbound, call.Outbound}, func(event call.Kind) bool {
			return first[once{automation.CreateConversation, event}] != nil
		})
		switch {
		case !e.enabled || e.Action == automation.CreateConversation:
		case !opened:
			l.complain(e.node, "there would be no conversation for this: a %s is missing", automation.CreateConversation)
			return
		case automation.Begins(e.Event) && first[once{automation.CreateConversation, e.Event}] == nil:
			l.complain(e.node, "there would be no conversation for this: a %s of %s is missing", automation.CreateConversation, automation.EventNames[e.Event])
			return
		}
	}
}

// once identifies automations of which a file can have only one.
type once struct {
	action automation.Action
	event  call.Kind
}

// onceOnly complains about a second automation if the file can have only one, and returns the
// positions of the first ones.
func (l *loader) onceOnly(entries []entry) map[once]*yaml.Node {
	why := map[automation.Action]string{
		automation.CreateConversation: "one call gets one conversation",
		automation.CreateMessage:      "one call gets one entry on the timeline",
	}
	first := make(map[once]*yaml.Node)
	for _, e := range entries {
		key := once{e.Action, e.Event}
		switch {
		case !e.enabled || why[e.Action] == "":
		case first[key] != nil:
			l.complain(e.node, "a second %s of %s (the first is on line %d): %s", e.Action, automation.EventNames[e.Event], first[key].Line, why[e.Action])
		default:
			first[key] = e.node
		}
	}
	return first
}

// defaultWrapUp is the wrap-up time if the file does not set one.
const defaultWrapUp = time.Minute

// wrapUp sets the time between the end of a call and call.wrappedUp.
func (l *loader) wrapUp(written *yaml.Node, entries []entry, allRead bool, set *automation.Set) {
	waits := func(e entry) bool { return e.Event == call.WrappedUp }
	switch {
	case slices.ContainsFunc(entries, func(e entry) bool { return waits(e) && e.enabled }):
		set.WrapUpTime = cmp.Or(set.WrapUpTime, defaultWrapUp)
	case set.WrapUpTime > 0 && allRead && !slices.ContainsFunc(entries, waits):
		l.complain(written, `"wrapUpTime" applies to automations of %s, but the file has none`, automation.EventNames[call.WrappedUp])
	default:
		set.WrapUpTime = 0
	}
}

// automation reads one automation. It reads the event before the options, in any order of the
// keys, because the options depend on the event.
func (l *loader) automation(n *yaml.Node) (e entry, ok bool) {
	var optionsNode, triggerNode *yaml.Node
	var meant automation.Action
	invert := false
	e.node, e.enabled = n, true
	l.mapping(n, "an automation", map[string]func(*yaml.Node){
		"label":         func(n *yaml.Node) { l.scalar(n, `"label"`) },
		"event":         func(n *yaml.Node) { e.Event = l.event(n) },
		"action":        func(n *yaml.Node) { e.Action, meant = l.action(n) },
		"priority":      func(n *yaml.Node) { e.priority = l.integer(n, `"priority"`, math.MinInt32, math.MaxInt32) },
		"enabled":       func(n *yaml.Node) { e.enabled = l.boolean(n, `"enabled"`) },
		"invertTrigger": func(n *yaml.Node) { invert = l.boolean(n, `"invertTrigger"`) },
		"trigger":       func(n *yaml.Node) { triggerNode = n },
		"options":       func(n *yaml.Node) { optionsNode = n },
	}, "event", "action", "options")
	if e.Event == "" || e.Action == "" {
		if meant != "" && optionsNode != nil {
			l.options(optionsNode, e.Event, meant) // reports the problems of the options too
		}
		return e, false
	}
	l.rightEvent(e)
	if triggerNode != nil {
		e.Trigger = l.triggerOf(triggerNode, e.Event)
	}
	e.Trigger.Invert = e.Trigger.Invert != invert
	if optionsNode != nil {
		e.Options = l.options(optionsNode, e.Event, e.Action)
	}
	return e, true
}

// rightEvent complains about an action that is not allowed on the event.
func (l *loader) rightEvent(e entry) {
	switch {
	case e.Action == automation.CreateConversation && !automation.Begins(e.Event):
		l.complain(e.node, "%s goes with call.inbound or call.outbound: the conversation is opened while the phone rings", e.Action)
	case e.Action == automation.CreateMessage && e.Event != call.Finished:
		l.complain(e.node, "%s goes with call.finished: the entry on the timeline says how the call ended", e.Action)
	}
}

// action also returns the action that was probably meant if the name has a few typing errors.
func (l *loader) action(n *yaml.Node) (action, meant automation.Action) {
	names := []string{string(automation.CreateConversation), string(automation.UpdateConversation), string(automation.CreateMessage)}
	if action = automation.Action(l.choice(n, `"action"`, names...)); action != "" || n.Value == "" {
		return action, action
	}
	const typos = 3 // "create" and "update" differ by more
	likely := closest(n.Value, names)
	if smetrics.WagnerFischer(strings.ToLower(n.Value), likely, 1, 1, 1) > typos {
		return "", ""
	}
	return "", automation.Action(likely)
}
