package workflows

import (
	"slices"
	"time"

	"go.temporal.io/sdk/workflow"

	"github.com/callthread/callthread/call"
)

// kinds are the events, and the signals that carry them, in the order of a call that has nothing unusual.
var kinds = []call.Kind{call.Inbound, call.Outbound, call.Bridged, call.Finished, call.Recorded}

// listen hears events until there is news or the deadline, if there is one, passes.
func (c *thread) listen(ctx workflow.Context, deadline workflow.Future, news func() bool) error {
	selector := workflow.NewSelector(ctx)
	for _, kind := range kinds {
		selector.AddReceive(workflow.GetSignalChannel(ctx, string(kind)), func(workflow.ReceiveChannel, bool) { c.drain(ctx) })
	}
	selector.AddReceive(c.decided, func(decided workflow.ReceiveChannel, _ bool) { decided.ReceiveAsync(nil) })
	selector.AddReceive(ctx.Done(), func(workflow.ReceiveChannel, bool) {})
	passed := func() bool { return deadline != nil && deadline.IsReady() }
	if deadline != nil {
		selector.AddFuture(deadline, func(workflow.Future) {})
	}
	for !news() && !passed() && ctx.Err() == nil {
		c.show(ctx)
		if err := c.publish(ctx); err != nil {
			return err
		}
		selector.Select(ctx)
	}
	return ctx.Err()
}

// drain hears all events that have arrived.
func (c *thread) drain(ctx workflow.Context) {
	for _, kind := range kinds {
		channel := workflow.GetSignalChannel(ctx, string(kind))
		for {
			var event call.Event
			if !channel.ReceiveAsync(&event) {
				break
			}
			c.hear(ctx, event)
		}
	}
}

// hear takes note of one event. A repeated delivery changes nothing.
func (c *thread) hear(ctx workflow.Context, event call.Event) {
	if c.heard[event.ID] {
		return
	}
	c.heard[event.ID] = true
	if c.firstHeard.IsZero() {
		c.firstHeard = event.ReceivedAt
	}
	c.state.Events = append(c.state.Events, HeardEvent{
		Kind: event.Kind, LegID: event.Leg.ID, Child: event.Leg.IsChild(), At: event.ReceivedAt,
	})
	c.tell(ctx, event.ReceivedAt, c.inWords(event))

	agent, queue := c.facts.Agent, c.facts.Queue
	c.facts = c.facts.Learn(event)
	switch {
	case event.Kind == call.Inbound && !event.Leg.IsChild():
		c.rang = true
	case event.Kind == call.Bridged:
		isNameless := c.isNameless(ctx, event)
		if isNameless || c.isOvertaken(event) {
			c.facts.Agent, c.facts.Queue = agent, queue
		} else {
			c.lastBridge = event.At()
		}
		if event.Agent.SourceID != "" {
			c.remember([]string{event.Agent.SourceID})
		}
		if !isNameless {
			c.hearBridge(ctx, event)
		}
	case event.Kind == call.Finished && event.Leg.IsChild():
		attempt := call.Attempt{Leg: event.Leg, Agent: event.Agent, Queue: event.Queue}
		c.attempts = append(c.attempts, attempt)
		c.state.Legs = append(c.state.Legs, legState(attempt))
	case event.Kind == call.Finished:
		c.ended, c.endedIn, c.endedAt, c.endHeard, c.bridgesAtEnd = true, event.Queue, event.At(), workflow.Now(ctx), len(c.bridges)
	case event.Kind == call.Recorded:
		c.recordings = append(c.recordings, event)
	}
}

// isOvertaken reports whether a later bridge was heard of first. One that tells
// more of the same pick-up is not: its two legs are announced by two clocks.
func (c *thread) isOvertaken(bridge call.Event) bool {
	tellsMore := func(other call.Event) bool {
		names := other.Agent == call.Agent{} && bridge.Agent != call.Agent{}
		identifies := other.Agent.Is(bridge.Agent) && other.Agent.SourceID == "" && bridge.Agent.SourceID != ""
		isSamePickUp := other.At().Equal(c.lastBridge) && other.At().Sub(bridge.At()).Abs() <= announcedWithin
		return isSamePickUp && (names || identifies)
	}
	return bridge.At().Before(c.lastBridge) && !slices.ContainsFunc(c.bridges, tellsMore)
}

// hearBridge keeps a bridge, unless it is another's repeated announcement. One
// that was taken for that before turns out not to be, where the new one came in between.
func (c *thread) hearBridge(ctx workflow.Context, bridge call.Event) {
	if c.isAnnounced(bridge) {
		c.repeated = append(c.repeated, bridge)
		return
	}
	c.bridges = append(c.bridges, bridge)
	for i, other := range c.repeated {
		if c.isAnnounced(other) || workflow.GetVersion(ctx, "bridge in between", workflow.DefaultVersion, 1) == workflow.DefaultVersion {
			continue
		}
		c.repeated = slices.Delete(slices.Clone(c.repeated), i, i+1)
		c.bridges = append(c.bridges, other)
		return // one bridge cannot come between more than two others
	}
}

// remember keeps the Kustomer users of all who had the call: its own steps may have assigned them.
func (c *thread) remember(users []string) {
	for _, user := range users {
		if !slices.Contains(c.agents, user) {
			c.agents = append(c.agents, user)
		}
	}
}

// since is when an agent picked up, or else the call was first heard of: what
// people have chosen for the conversation after that stays.
func (c *thread) since() time.Time {
	if len(c.bridges) > 0 {
		return c.bridges[len(c.bridges)-1].ReceivedAt
	}
	return c.firstHeard
}

// latest is the later of two times.
func latest(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// isAnnounced reports whether a bridge is one that was announced before, as
// both of its legs may do: with nobody else's in between it is to the same
// agent, and does not tell more than was known.
func (c *thread) isAnnounced(bridge call.Event) bool {
	var before, after *call.Event // the nearest in time
	for i := range c.bridges {
		other := &c.bridges[i]
		if other.At().After(bridge.At()) {
			if after == nil || other.At().Before(after.At()) {
				after = other
			}
		} else if before == nil || !other.At().Before(before.At()) {
			before = other
		}
	}
	return isSameBridge(before, bridge) || isSameBridge(after, bridge)
}

// isNameless reports whether a bridge that names no agent is the announcement,
// on the other leg, of one that does.
func (c *thread) isNameless(ctx workflow.Context, bridge call.Event) bool {
	names := func(other call.Event) bool { return other.At().Sub(bridge.At()).Abs() <= announcedWithin }
	return bridge.Agent == call.Agent{} && slices.ContainsFunc(c.bridges, names) &&
		workflow.GetVersion(ctx, "nameless bridge", workflow.DefaultVersion, 1) == 1
}

func isSameBridge(known *call.Event, bridge call.Event) bool {
	return known != nil && known.Agent.Is(bridge.Agent) && (known.Agent.SourceID != "" || bridge.Agent.SourceID == "")
}
