package load

import (
	"strings"

	"go.yaml.in/yaml/v4"

	"github.com/callthread/callthread/automation"
)

// readTable reads a table of the file, such as the agents with their Kustomer users. The messages
// use of, as and names: what the table maps, to what, and the accepted keys.
func (l *loader) readTable(n *yaml.Node, into automation.Table, of, as, names string) {
	l.pairs(n, `"`+of+`s"`, func(key, value *yaml.Node) {
		name, id := strings.ToLower(strings.TrimSpace(key.Value)), l.scalar(value, "the "+of+"'s Kustomer "+as)
		switch {
		case name == "" || isNull(key):
			l.complain(key, "the %s needs a name: babelforce's %s", of, names)
		case value.Kind != yaml.ScalarNode:
		case !automation.IsObjectID(id):
			l.complain(value, automation.NoObjectID, id)
		case into[name] != "":
			l.complain(key, "%s %q appears twice", of, key.Value)
		default:
			into[name] = id
		}
	})
}
