package sandbox

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// describe returns a text with the changes of one write.
func (s *Server) describe(was, is Conversation) string {
	var changes []string
	add := func(format string, args ...any) { changes = append(changes, fmt.Sprintf(format, args...)) }

	for _, f := range []struct{ name, was, is string }{
		{"customer", was.CustomerID, is.CustomerID},
		{"externalId", was.ExternalID, is.ExternalID},
		{"name", was.Name, is.Name},
		{"status", was.Status, is.Status},
		{"direction", was.Direction, is.Direction},
	} {
		if f.was != f.is {
			add("%s: %s → %s", f.name, shown(f.was), shown(f.is))
		}
	}
	if was.Priority != is.Priority {
		add("priority: %d → %d", was.Priority, is.Priority)
	}
	if change := setChange(was.Tags, is.Tags); change != "" {
		add("tags: %s", change)
	}
	before := s.assigneeNames(was.AssignedUsers, was.AssignedTeams)
	after := s.assigneeNames(is.AssignedUsers, is.AssignedTeams)
	if change := setChange(before, after); change != "" {
		add("assigned: %s", change)
	}
	for _, name := range customChanges(was.Custom, is.Custom) {
		if v, set := is.Custom[name]; set {
			add("%s = %v", name, v)
		} else {
			add("%s cleared", name)
		}
	}
	if was.MergedInto != is.MergedInto {
		add("merged into %s", is.MergedInto)
	}
	if is.Deleted {
		add("deleted") // the last entry: no later write is accepted
	}
	for _, n := range is.Notes[len(was.Notes):] {
		add("note added %s", n.ExternalID)
	}
	for _, m := range is.Messages[len(was.Messages):] {
		add("%s message added %s", m.Channel, m.ExternalID)
	}
	if len(changes) == 0 {
		return "written without changes"
	}
	return strings.TrimSpace(strings.Join(changes, "; "))
}

func shown(s string) string {
	if s == "" {
		return "(none)"
	}
	return s
}

func setChange(was, is []string) string {
	var changes []string
	for _, v := range is {
		if !slices.Contains(was, v) {
			changes = append(changes, "+"+v)
		}
	}
	for _, v := range was {
		if !slices.Contains(is, v) {
			changes = append(changes, "−"+v)
		}
	}
	return strings.Join(changes, ", ")
}

func customChanges(was, is map[string]any) []string {
	names := map[string]bool{}
	for name, v := range is {
		if old, had := was[name]; !had || old != v {
			names[name] = true
		}
	}
	for name := range was {
		if _, has := is[name]; !has {
			names[name] = true
		}
	}
	return slices.Sorted(maps.Keys(names))
}
