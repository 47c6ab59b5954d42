package call

import (
	"cmp"
	"slices"
	"time"
)

// areLegsOf reports whether the legs of all agents who picked up are among these, as
// far as they name their agents.
func areLegsOf(legs []Attempt, bridges []Event) bool {
	hasNone := func(bridge Event) bool {
		return !slices.ContainsFunc(legs, func(leg Attempt) bool { return leg.Agent.mayBe(bridge.Agent) })
	}
	return len(legs) >= len(bridges) && !slices.ContainsFunc(bridges, hasNone)
}

// Total is the whole length of the call in seconds, nil where that is not
// known: before its end, the duration is that of the wait. A call that was
// transferred may go on after its own leg has ended, until that of the last agent has.
func (o Over) Total(bridges []Event) *int {
	total, lasting := o.Facts.Leg.Seconds, o.lasting()
	switch {
	case !o.Ended:
		return nil
	case !o.Facts.Leg.WasTransferred():
		return total
	case !areLegsOf(lasting, bridges): // the last agent's leg may not be among them
		return nil
	case len(lasting) > 0:
		whole := secondsBetween(o.Facts.Leg.CreatedAt, last(lasting).Leg.ended())
		if total == nil || whole == nil || *whole > *total {
			return whole
		}
	}
	return total
}

// wait is how long the customer waited for the first agent or, if the call was not answered, in vain.
func (o Over) wait(bridges []Event, lasting []Attempt, total *int) *int {
	customers := o.Facts.Leg
	switch {
	case !o.IsAnswered() && o.Facts.Outgoing && customers.IsChild():
		return secondsBetween(customers.CreatedAt, customers.FinishedAt)
	case !o.IsAnswered():
		return total
	}
	var reported *int
	if len(bridges) > 0 {
		reported = o.Facts.legAsOf(bridges[0]).Seconds // which is the time waited (babelforce help, "HTTP request buckets")
	}
	if o.Facts.Outgoing {
		return cmp.Or(reported, secondsBetween(customers.CreatedAt, customers.EstablishedAt))
	}
	return waitForFirst(reported, secondsBetween(customers.CreatedAt, firstEstablished(lasting)), len(lasting)-len(bridges))
}

// waitForFirst is the wait by the first bridge that was reported, or by the agents' legs
// if an earlier bridge was not. A caller's own leg does not tell: the call flow
// establishes it, long before an agent picks up.
func waitForFirst(byBridge, byLegs *int, moreLegs int) *int {
	isLater := byBridge != nil && byLegs != nil && *byBridge-*byLegs > int(pickUpWindow/time.Second)
	switch {
	case isLater, moreLegs > 0 && byLegs == nil:
		return byLegs
	case moreLegs >= 0:
		return cmp.Or(byBridge, byLegs)
	}
	return byBridge
}

// firstEstablished is when the first of some legs was established, zero if one does not say.
func firstEstablished(legs []Attempt) (first time.Time) {
	for i, attempt := range legs {
		at := attempt.Leg.EstablishedAt
		if at.IsZero() {
			return at
		}
		if i == 0 || at.Before(first) {
			first = at
		}
	}
	return first
}

// secondsBetween is nil where either time is not known.
func secondsBetween(from, to time.Time) *int {
	if from.IsZero() || to.Before(from) {
		return nil
	}
	return new(int(to.Sub(from) / time.Second))
}

// talk adds up what the agents' legs lasted, but to no more than the call has
// time for: while one agent consults another, both talk. An agent who places a
// call is on the line before the customer is.
func (o Over) talk(bridges []Event, lasting []Attempt, total, wait *int) *int {
	customers := o.Facts.Leg
	if o.Facts.Outgoing && customers.IsChild() {
		return customers.Seconds
	}
	var most *int
	if total != nil && wait != nil && *total >= *wait {
		most = new(*total - *wait)
	}
	isKnown := most != nil || len(lasting) == 1
	if len(lasting) == 0 || !areLegsOf(lasting, bridges) || o.Facts.Outgoing || !isKnown {
		return most
	}
	sum := 0
	for _, attempt := range lasting {
		sum += *attempt.Leg.connected()
	}
	if most != nil {
		sum = min(sum, *most)
	}
	return &sum
}
