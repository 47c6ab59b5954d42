package automation

import (
	"cmp"
	"maps"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/xrash/smetrics"
	"go.yaml.in/yaml/v3"

	"github.com/callthread/callthread/call"
)

// entry is an automation with its place in the file.
type entry struct {
	automation
	node    *yaml.Node
	enabled bool
}

// automations reads those that can be read, and says whether all could.
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

// together complains about automations that cannot be beside others, or without them.
func (l *loader) together(entries []entry, allRead bool) {
	const message = "a second %s (the first is on line %d): one call gets one entry on the timeline"
	creates := make(map[call.Kind]*yaml.Node)
	var sends *yaml.Node
	for _, e := range entries {
		switch {
		case !e.enabled:
		case e.action == createAction && creates[e.event] != nil:
			l.complain(e.node, "a second %s of %s (the first is on line %d): one call gets one conversation",
				createAction, eventNames[e.event], creates[e.event].Line)
		case e.action == createAction:
			creates[e.event] = e.node
		case e.action == messageAction && sends != nil:
			l.complain(e.node, message, messageAction, sends.Line)
		case e.action == messageAction:
			sends = e.node
		}
	}
	if !allRead {
		return // what could not be read may be the one that creates
	}
	for _, e := range entries {
		switch {
		case !e.enabled || e.action == createAction:
		case len(creates) == 0:
			l.complain(e.node, "there would be no conversation for this: a %s is missing", createAction)
			return
		case begins(e.event) && creates[e.event] == nil:
			l.complain(e.node, "there would be no conversation for this: a %s of %s is missing", createAction, eventNames[e.event])
			return
		}
	}
}

// defaultWrapUp is how long agents have for their wrap-up where the file does not say.
const defaultWrapUp = time.Minute

// wrapUp settles how long the end of a call is behind when call.wrappedUp is due.
func (l *loader) wrapUp(written *yaml.Node, entries []entry, allRead bool, set *Set) {
	waits := func(e entry) bool { return e.event == call.WrappedUp }
	switch {
	case slices.ContainsFunc(entries, func(e entry) bool { return waits(e) && e.enabled }):
		set.wrapUpTime = cmp.Or(set.wrapUpTime, defaultWrapUp)
	case set.wrapUpTime > 0 && allRead && !slices.ContainsFunc(entries, waits):
		l.complain(written, `"wrapUpTime" is for automations of %s, and there is none`, eventNames[call.WrappedUp])
	default:
		set.wrapUpTime = 0
	}
}

// automation reads one automation. The event comes first, wherever it stands:
// what the options may say depends on it.
func (l *loader) automation(n *yaml.Node) (e entry, ok bool) {
	var optionsNode, triggerNode *yaml.Node
	var meant string
	e.node, e.enabled = n, true
	l.mapping(n, "an automation", map[string]func(*yaml.Node){
		"label":         func(n *yaml.Node) { l.scalar(n, `"label"`) },
		"event":         func(n *yaml.Node) { e.event = l.event(n) },
		"action":        func(n *yaml.Node) { e.action, meant = l.action(n) },
		"priority":      func(n *yaml.Node) { e.priority = l.integer(n, `"priority"`, math.MinInt32, math.MaxInt32) },
		"enabled":       func(n *yaml.Node) { e.enabled = l.boolean(n, `"enabled"`) },
		"invertTrigger": func(n *yaml.Node) { e.trigger.invert = l.boolean(n, `"invertTrigger"`) },
		"trigger":       func(n *yaml.Node) { triggerNode = n },
		"options":       func(n *yaml.Node) { optionsNode = n },
	}, "event", "action", "options")
	if e.event == "" || e.action == "" {
		if meant != "" && optionsNode != nil {
			l.options(optionsNode, e.event, meant) // whose own mistakes are worth telling at once
		}
		return e, false
	}
	switch {
	case e.action == createAction && !begins(e.event):
		l.complain(n, "%s goes with call.inbound or call.outbound: the conversation is opened while the phone rings", createAction)
	case e.action == messageAction && e.event != call.Finished:
		l.complain(n, "%s goes with call.finished: the entry on the timeline says how the call ended", messageAction)
	}
	if triggerNode != nil {
		invert := e.trigger.invert
		e.trigger = l.triggerOf(triggerNode, e.event)
		e.trigger.invert = e.trigger.invert != invert
	}
	if optionsNode != nil {
		e.options = l.options(optionsNode, e.event, e.action)
	}
	return e, true
}

// action also says which was meant, if it is misspelt but hardly another's name.
func (l *loader) action(n *yaml.Node) (action, meant string) {
	actions := []string{createAction, updateAction, messageAction}
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
