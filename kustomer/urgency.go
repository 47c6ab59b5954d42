package kustomer

import "context"

// Urgency orders requests when the budget is short. A less urgent request queues
// before it joins the queue of the more urgent ones. It is also held back first
// when Kustomer reports that little of the budget is left.
type Urgency int

const (
	// Now is for requests that a person on the phone waits for, such as a conversation
	// or an assignment. It may use the whole budget. Now is the default.
	Now Urgency = iota
	// Soon is for requests whose result is read later, such as a note. It may use three quarters.
	Soon
	// Later is for catching up, such as calls from before an outage. It may use half.
	Later
)

// mayUse is the part of the budget that each urgency may use. The rest is reserved
// for more urgent requests, both in our own rate and in what Kustomer reports as left.
var mayUse = [...]float64{Now: 1, Soon: 0.75, Later: 0.5}

type urgencyKey struct{}

// WithUrgency sets the urgency of requests sent with the context. It can lower the
// urgency of the context but not raise it. Values out of range are clamped.
func WithUrgency(ctx context.Context, u Urgency) context.Context {
	return context.WithValue(ctx, urgencyKey{}, min(max(u, urgencyOf(ctx)), Later))
}

func urgencyOf(ctx context.Context) Urgency {
	u, _ := ctx.Value(urgencyKey{}).(Urgency)
	return u
}
