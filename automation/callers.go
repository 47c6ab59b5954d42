package automation

import "go.yaml.in/yaml/v3"

// Callers say whose conversation it is where a call's customer is not to be
// found. The zero value is what most want: a new number makes a new customer,
// and calls without a number of their own share one.
type Callers struct {
	// Unknown is for numbers that no customer has.
	Unknown CallerPolicy
	// Withheld is for calls without a number of the caller's own: withheld, internal or unreadable.
	Withheld CallerPolicy
	// CatchAll is the Kustomer customer to whom such calls belong; empty means one of ours, "Unknown caller".
	CatchAll string
}

// CallerPolicy is what is done about a caller who is nobody's customer.
type CallerPolicy string

// The policies. An empty one is the default: create for unknown numbers, catchAll for withheld ones.
const (
	CreateCustomer CallerPolicy = "create"   // a customer with the number
	UseCatchAll    CallerPolicy = "catchAll" // the conversation belongs to the catch-all customer
	ParkCall       CallerPolicy = "park"     // an operator says whose it is
)

// callers reads the policies.
func (l *loader) callers(n *yaml.Node) (c Callers) {
	if isEmpty(n) {
		return c
	}
	l.mapping(n, `"callers"`, map[string]func(*yaml.Node){
		"unknown": func(n *yaml.Node) {
			c.Unknown = CallerPolicy(l.choice(n, `"unknown"`, string(CreateCustomer), string(UseCatchAll), string(ParkCall)))
		},
		"withheld": func(n *yaml.Node) {
			c.Withheld = CallerPolicy(l.choice(n, `"withheld"`, string(UseCatchAll), string(ParkCall)))
		},
		"catchAll": func(n *yaml.Node) {
			if c.CatchAll = l.scalar(n, `"catchAll"`); c.CatchAll != "" && !IsObjectID(c.CatchAll) {
				l.complain(n, "%q is not a Kustomer id, which has 24 hexadecimal digits", c.CatchAll)
			}
		},
	})
	return c
}
