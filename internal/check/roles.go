package check

import (
	"slices"
	"strings"

	"github.com/callthread/callthread/automation"
)

// role is a role that the product's requests need (OpenAPI, the table of roles of each operation).
type role struct {
	name string
	// legacy is the older role that also suffices; empty if there is none.
	legacy  string
	purpose string
}

// rolesFor returns the roles that a file's requests need.
func rolesFor(needs automation.Needs) []role {
	var roles []role
	if len(needs.Customers) == 0 { // otherwise the file names the customer and no caller is looked up
		roles = append(roles,
			role{"org.permission.customer.read", "org.user.customer.read", "finding the caller"},
			role{"org.permission.customer.create", "org.user.customer.write", "creating callers who are new"})
	}
	roles = append(roles,
		role{"org.permission.conversation.read", "org.user.conversation.read", "finding a conversation whose answer was lost"},
		role{"org.permission.conversation.create", "org.user.conversation.write", "opening conversations"})
	if needs.Updates {
		roles = append(roles, role{"org.permission.conversation.update", "org.user.conversation.write", "assigning and tagging them"})
	}
	if needs.RemovesTags {
		roles = append(roles, role{"org.permission.conversation.delete", "org.user.conversation.write", "removing tags"})
	}
	if needs.WritesNotes {
		roles = append(roles,
			role{"org.permission.note.create", "org.user.note.write", "writing notes"},
			role{"org.permission.note.read", "org.user.note.read", "not writing a note twice"})
	}
	if needs.WritesMessages {
		roles = append(roles,
			role{"org.permission.message.create", "org.user.message.write", "writing calls on the timeline"},
			role{"org.permission.message.read", "org.user.message.read", "not writing a call there twice"})
	}
	return roles
}

// The roles that the check itself uses to look up what a file names.
const (
	readCustomers = "org.permission.customer.read"
	readMetadata  = "org.permission.metadata.read"
	readTeams     = "org.permission.team.read"
	readUsers     = "org.permission.user.read"
)

// optional are the roles that the check uses even if calls do not need them. It works without
// them, so a key without one has no problem, and a key with one gets no warning about it.
var optional = []string{readCustomers, readMetadata, readTeams, readUsers}

// roles compares the roles of the key with the roles that are needed.
func (r *Report) roles(held []string, needed []role) {
	missing := 0
	for _, need := range needed {
		if !slices.ContainsFunc(held, func(name string) bool { return need.grantedBy(name) }) {
			missing++
			r.add(Bad, "the API key lacks the role %s, for %s", need.name, need.purpose)
		}
	}
	if missing == 0 {
		r.add(OK, "the API key has every role that is needed")
	}
	for _, name := range held {
		if slices.Contains(optional, name) || slices.ContainsFunc(needed, func(need role) bool { return need.name == name }) {
			continue
		}
		var instead []string
		for _, need := range needed {
			if need.grantedBy(name) {
				instead = append(instead, need.name)
			}
		}
		if len(instead) > 0 {
			r.add(Warning, "the API key has the role %s, which allows more than is needed: a key with %s in its place would do less harm in the wrong hands", name, strings.Join(instead, ", "))
		} else {
			r.add(Warning, "the API key has the role %s, which is not needed: a key without it would do less harm in the wrong hands", name)
		}
	}
}

// grantedBy reports whether the held role suffices: the role itself, its legacy role, or a
// broader role that includes it.
func (need role) grantedBy(held string) bool {
	return held == need.name || held == need.legacy || held == "org.admin" ||
		strings.HasPrefix(need.name, held+".") || (need.legacy != "" && strings.HasPrefix(need.legacy, held+"."))
}
