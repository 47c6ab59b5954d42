package automation

import (
	"maps"
	"slices"
	"strings"

	"github.com/callthread/callthread/call"
)

// Table maps babelforce's names of agents or queues, in lower case, to Kustomer ids.
type Table map[string]string

// of returns the id for the first name that the table contains, or "" if it contains none.
func (t Table) of(names ...string) string {
	for _, name := range names {
		if id := t[strings.ToLower(name)]; id != "" {
			return id
		}
	}
	return ""
}

// ids returns the Kustomer ids of the table, in the order of its names.
func (t Table) ids() (ids []string) {
	for _, name := range slices.Sorted(maps.Keys(t)) {
		ids = union(ids, []string{t[name]})
	}
	return ids
}

// UserOf returns the Kustomer user id for an agent from the file's table of agents, or "" if the
// table does not contain the agent.
func (s *Set) UserOf(agent call.Agent) string {
	return s.Agents.of(agent.ID, agent.Email, agent.Number)
}

// teamOf returns the value of {queue.teamId}, or "" if the file's table of queues has no team.
func (s *Set) teamOf(queue call.Queue) string { return s.Queues.of(queue.ID, queue.Name) }
