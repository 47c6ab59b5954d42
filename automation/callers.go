package automation

import "time"

// Callers are the policies that choose the customer of a call if its number does not identify
// exactly one, and that choose between a new conversation and an open one. With the zero
// value, an unknown number creates a customer, calls without a number share one customer, and
// every call gets its own conversation.
type Callers struct {
	// Unknown applies to numbers that no customer has.
	Unknown CallerPolicy
	// Withheld applies to calls without a usable number: withheld, internal or unreadable.
	Withheld CallerPolicy
	// Shared applies to numbers that several customers have.
	Shared CallerPolicy
	// CatchAll is the id of the Kustomer customer for [UseCatchAll]. If it is empty, Callthread
	// creates a customer "Unknown caller".
	CatchAll string
	// Returning applies to customers who call again.
	Returning Returning
}

// CallerPolicy chooses the customer for a caller whose number identifies no customer or several.
type CallerPolicy string

// The policies. An empty policy means create for unknown numbers and catchAll otherwise.
const (
	CreateCustomer CallerPolicy = "create"   // create a customer with the number
	UseCatchAll    CallerPolicy = "catchAll" // the conversation belongs to the catch-all customer
	UseOldest      CallerPolicy = "oldest"   // the conversation belongs to the customer that was created first
	ParkCall       CallerPolicy = "park"     // an operator chooses the customer
)

// Returning is the policy for calls of customers who have called before.
type Returning struct {
	// Append adds the call to the customer's last call conversation if that is still open.
	// Otherwise the call gets its own conversation.
	Append bool
	// Within is the maximum age of that conversation.
	Within time.Duration
	// Resolves removes the tags of a lost call, [Set.LostTags], from the customer's earlier call
	// conversation once the customer has been reached.
	Resolves bool
}
