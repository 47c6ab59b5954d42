package automation

import (
	"maps"
	"slices"
	"strings"

	"github.com/callthread/callthread/call"
)

// Table says as whom, or what, Kustomer knows something of babelforce's: an id
// of Kustomer's by what babelforce calls it, in small letters.
type Table map[string]string

// of is the first that the table knows of what one thing is called.
func (t Table) of(names ...string) string {
	for _, name := range names {
		if id := t[strings.ToLower(name)]; id != "" {
			return id
		}
	}
	return ""
}

// ids are those that the table names, in the order of its names.
func (t Table) ids() (ids []string) {
	for _, name := range slices.Sorted(maps.Keys(t)) {
		ids = union(ids, []string{t[name]})
	}
	return ids
}

// UserOf is the Kustomer user whom the file's table of agents names for an
// agent; empty where it names none.
func (s *Set) UserOf(agent call.Agent) string {
	return s.Agents.of(agent.ID, agent.Email, agent.Number)
}

// teamOf is the value of {queue.teamId}; empty where the file's table of queues names no team.
func (s *Set) teamOf(queue call.Queue) string { return s.Queues.of(queue.ID, queue.Name) }
