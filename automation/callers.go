package automation

import "time"

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
	// Resolves takes the tags of a lost call, which are the file's LostTags, from the
	// customer's earlier call conversation once the customer has been reached.
	Resolves bool
}
