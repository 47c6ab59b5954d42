package automation

import (
	"time"

	"go.yaml.in/yaml/v3"
)

// Callers say whose conversation it is where a call's customer is not plain to
// see, and whether it needs one of its own. The zero value is what most want: a
// new number makes a new customer, calls without a number of their own share
// one, and every call gets a conversation.
type Callers struct {
	// Unknown is for numbers that no customer has.
	Unknown CallerPolicy
	// Withheld is for calls without a number of the caller's own: withheld, internal or unreadable.
	Withheld CallerPolicy
	// Shared is for numbers that several customers have.
	Shared CallerPolicy
	// CatchAll is the Kustomer customer to whom such calls belong; empty means one of ours, "Unknown caller".
	CatchAll string
	// Returning is for customers who call again.
	Returning Returning
}

// CallerPolicy is what is done about a caller who is nobody's customer, or more than one's.
type CallerPolicy string

// The policies. An empty one is the default: create for unknown numbers, catchAll for all others.
const (
	CreateCustomer CallerPolicy = "create"   // a customer with the number
	UseCatchAll    CallerPolicy = "catchAll" // the conversation belongs to the catch-all customer
	UseOldest      CallerPolicy = "oldest"   // the conversation belongs to the customer whom Kustomer has known longest
	ParkCall       CallerPolicy = "park"     // an operator says whose it is
)

// Returning says where a call goes whose customer has called before.
type Returning struct {
	// Append lets the call join the customer's last call conversation while
	// that is open; else it gets a conversation of its own.
	Append bool
	// Within is how long ago that one may have been opened.
	Within time.Duration
}

// The words of the policy for customers who call again.
const (
	returnsToNew = "new"
	returnsToOld = "append"
)

// defaultWithin is for calls about the same matter, as far as time alone tells.
const defaultWithin = 4 * time.Hour

// callers reads the policies.
func (l *loader) callers(n *yaml.Node) (c Callers) {
	if isEmpty(n) {
		return c
	}
	policy := func(into *CallerPolicy, what string, policies ...string) func(*yaml.Node) {
		return func(n *yaml.Node) { *into = CallerPolicy(l.choice(n, what, policies...)) }
	}
	l.mapping(n, `"callers"`, map[string]func(*yaml.Node){
		"unknown":  policy(&c.Unknown, `"unknown"`, string(CreateCustomer), string(UseCatchAll), string(ParkCall)),
		"withheld": policy(&c.Withheld, `"withheld"`, string(UseCatchAll), string(ParkCall)),
		"shared":   policy(&c.Shared, `"shared"`, string(UseCatchAll), string(ParkCall), string(UseOldest)),
		"catchAll": func(n *yaml.Node) {
			if c.CatchAll = l.scalar(n, `"catchAll"`); c.CatchAll != "" && !IsObjectID(c.CatchAll) {
				l.complain(n, noObjectID, c.CatchAll)
			}
		},
		"returning": func(n *yaml.Node) { c.Returning = l.returning(n) },
	})
	return c
}

func (l *loader) returning(n *yaml.Node) (r Returning) {
	if isEmpty(n) {
		return r
	}
	var within *yaml.Node
	policy := ""
	l.mapping(n, `"returning"`, map[string]func(*yaml.Node){
		"policy": func(n *yaml.Node) { policy = l.choice(n, `"policy"`, returnsToNew, returnsToOld) },
		"within": func(n *yaml.Node) { within = n },
	}, "policy")
	if r.Append = policy == returnsToOld; r.Append {
		r.Within = defaultWithin
	}
	if within == nil {
		return r
	}
	given := l.duration(within, `"within"`, time.Minute, 72*time.Hour, "1m to 72h")
	switch {
	case policy == returnsToNew:
		l.complain(within, `"within" goes with "policy: %s": with "%s" every call gets a conversation`, returnsToOld, returnsToNew)
	case given > 0 && r.Append:
		r.Within = given
	}
	return r
}
