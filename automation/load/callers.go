package load

import (
	"time"

	"go.yaml.in/yaml/v4"

	"github.com/callthread/callthread/automation"
)

// The values of the policy for customers who call again.
const (
	returnsToNew = "new"
	returnsToOld = "append"
)

// defaultWithin is the time in which calls of a customer are likely to be about the same matter.
const defaultWithin = 4 * time.Hour

// callers reads the policies for callers.
func (l *loader) callers(n *yaml.Node, later *contents) (c automation.Callers) {
	if isEmpty(n) {
		return c
	}
	policy := func(into *automation.CallerPolicy, what string, policies ...string) func(*yaml.Node) {
		return func(n *yaml.Node) { *into = automation.CallerPolicy(l.choice(n, what, policies...)) }
	}
	l.mapping(n, `"callers"`, map[string]func(*yaml.Node){
		"unknown":  policy(&c.Unknown, `"unknown"`, string(automation.CreateCustomer), string(automation.UseCatchAll), string(automation.ParkCall)),
		"withheld": policy(&c.Withheld, `"withheld"`, string(automation.UseCatchAll), string(automation.ParkCall)),
		"shared":   policy(&c.Shared, `"shared"`, string(automation.UseCatchAll), string(automation.ParkCall), string(automation.UseOldest)),
		"catchAll": func(n *yaml.Node) {
			if c.CatchAll = l.scalar(n, `"catchAll"`); c.CatchAll != "" && !automation.IsObjectID(c.CatchAll) {
				l.complain(n, automation.NoObjectID, c.CatchAll)
			}
		},
		"returning": func(n *yaml.Node) { c.Returning, later.resolves = l.returning(n) },
	})
	return c
}

// returning reads the policy for customers who call again. It also returns the node of "resolves".
func (l *loader) returning(n *yaml.Node) (r automation.Returning, resolves *yaml.Node) {
	if isEmpty(n) {
		return r, nil
	}
	var within *yaml.Node
	policy, problems := "", len(l.problems)
	l.mapping(n, `"returning"`, map[string]func(*yaml.Node){
		"policy":   func(n *yaml.Node) { policy = l.choice(n, `"policy"`, returnsToNew, returnsToOld) },
		"within":   func(n *yaml.Node) { within = n },
		"resolves": func(n *yaml.Node) { resolves, r.Resolves = n, l.boolean(n, `"resolves"`) },
	})
	if policy == "" && len(l.problems) == problems && (resolves == nil || within != nil) {
		l.complain(n, `"returning" needs "policy"`)
	}
	if r.Append = policy == returnsToOld; r.Append {
		r.Within = defaultWithin
	}
	if within == nil {
		return r, resolves
	}
	given := l.duration(within, `"within"`, time.Minute, 72*time.Hour, "1m to 72h")
	switch {
	case policy == returnsToNew:
		l.complain(within, `"within" goes with "policy: %s": with "%s" every call gets a conversation`, returnsToOld, returnsToNew)
	case given > 0 && r.Append:
		r.Within = given
	}
	return r, resolves
}
