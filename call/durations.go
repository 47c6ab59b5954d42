package call

import (
	"cmp"
	"slices"
	"time"
)

// areLegsOf reports whether the legs contain one for each agent who picked up. A leg or a
// bridge that names no agent matches any.
func areLegsOf(legs []Attempt, bridges []Event) bool {
	hasNone := func(bridge Event) bool {
		return !slices.ContainsFunc(legs, func(leg Attempt) bool { return leg.Agent.mayBe(bridge.Agent) })
	}
	return len(legs) >= len(bridges) && !slices.ContainsFunc(bridges, hasNone)
}

// Total returns the length of the call in seconds, or nil if it is not known. Before the
// call ends, the leg's duration is the wait. A transferred call continues after the
// customer's leg has ended, until the last agent's leg ends.
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

// wait returns how many seconds the customer waited: for the first agent or, if no agent
// answered, until the call ended.
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
		reported = o.Facts.legAsOf(bridges[0]).Seconds // the time waited (babelforce help, "HTTP request buckets")
	}
	if o.Facts.Outgoing {
		return cmp.Or(reported, secondsBetween(customers.CreatedAt, customers.EstablishedAt))
	}
	return waitForFirst(reported, secondsBetween(customers.CreatedAt, firstEstablished(lasting)), len(lasting)-len(bridges))
}

// waitForFirst returns the wait until the first reported bridge, or until the first agent's
// leg if an earlier bridge was not reported. The caller's own leg cannot be used: the call
// flow establishes it long before an agent picks up.
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

// firstEstablished returns when the first leg was established, or zero if a leg does not
// contain that time.
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

// secondsBetween returns nil if either time is not known.
func secondsBetween(from, to time.Time) *int {
	if from.IsZero() || to.Before(from) {
		return nil
	}
	return new(int(to.Sub(from) / time.Second))
}

// talk returns the sum of the durations of the agents' legs, limited to the call's length
// without the wait: while one agent consults another, both legs count. The sum is not used
// for an outbound call, because its agent is on the line before the customer.
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
