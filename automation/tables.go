package automation

import (
	"maps"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/callthread/callthread/call"
)

// table says as whom, or what, Kustomer knows something of babelforce's: an id
// of Kustomer's by whatever babelforce calls it, in whatever case.
type table map[string]string

// of is the first that the table knows of what one thing is called.
func (t table) of(names ...string) string {
	for _, name := range names {
		if id := t[strings.ToLower(name)]; id != "" {
			return id
		}
	}
	return ""
}

// ids are those that the table names, in the order of its names.
func (t table) ids() (ids []string) {
	for _, name := range slices.Sorted(maps.Keys(t)) {
		ids = union(ids, []string{t[name]})
	}
	return ids
}

// UserOf is the Kustomer user whom the file's table of agents names for an
// agent; empty where it names none.
func (s *Set) UserOf(agent call.Agent) string {
	return s.agents.of(agent.ID, agent.Email, agent.Number)
}

// teamOf is the value of {queue.teamId}. A file need not name a team for every queue.
func (t table) teamOf(f call.Facts) any { return orNil(t.of(f.Queue.ID, f.Queue.Name)) }

// readTable reads one of the file's tables into place: of agents, say, each
// with its Kustomer user, and named by one of the things that babelforce calls it.
func (l *loader) readTable(n *yaml.Node, into table, of, as, names string) {
	l.pairs(n, `"`+of+`s"`, func(key, value *yaml.Node) {
		name, id := strings.ToLower(strings.TrimSpace(key.Value)), l.scalar(value, "the "+of+"'s Kustomer "+as)
		switch {
		case name == "" || isNull(key):
			l.complain(key, "the %s needs a name: babelforce's %s", of, names)
		case value.Kind != yaml.ScalarNode:
		case !IsObjectID(id):
			l.complain(value, noObjectID, id)
		case into[name] != "":
			l.complain(key, "%s %q is there twice", of, key.Value)
		default:
			into[name] = id
		}
	})
}
