package simulator

// plot is a kind of call and its script.
type plot struct {
	title       string
	weight      int  // number of cards in the deck
	agents      int  // number of different agents that it needs
	early       bool // one card is among the first of a deck
	recorded    bool
	outbound    bool
	withheld    bool
	knownCaller bool
	play        func(*scene)
}

func answeredAtOnce(sc *scene) {
	sc.ring()
	sc.hangUp(sc.bridge(0))
}

// plots are weighted like a day in a real call centre, with more trouble.
var plots = []plot{
	{title: "answered at the first ring", weight: 7, agents: 1, early: true, play: answeredAtOnce},
	{title: "answered by the second agent", weight: 4, agents: 2, early: true, play: func(sc *scene) {
		sc.ring()
		sc.ringOut(0)
		sc.hangUp(sc.bridge(1))
	}},
	// A queue may ring up to ten agents at once (OpenAPI Queue.maxDialCount).
	{title: "two agents rung at once", weight: 3, agents: 2, play: func(sc *scene) {
		sc.ring()
		first, second := sc.dial(0), sc.dial(1)
		sc.pass(sc.sim.between(1000, 2000), sc.sim.between(3, 12))
		sc.pickUp(first)
		sc.stopRinging(second)
		sc.hangUp(first)
	}},
	{title: "number withheld", weight: 1, agents: 1, withheld: true, play: answeredAtOnce},
	{title: "repeat caller", weight: 2, agents: 1, early: true, knownCaller: true, play: answeredAtOnce},
	{title: "recorded", weight: 2, agents: 1, early: true, recorded: true, play: func(sc *scene) {
		answeredAtOnce(sc)
		sc.record()
	}},

	{title: "abandoned in the queue", weight: 3, agents: 1, early: true, play: func(sc *scene) {
		sc.ring()
		for i := range sc.sim.between(1, 2) {
			sc.ringOut(i % len(sc.agents))
		}
		sc.pass(sc.sim.between(500, 1500), sc.sim.between(5, 60))
		sc.end("abandoned_in_queue", "hangup")
	}},
	{title: "abandoned before any queue", weight: 2, agents: 1, play: func(sc *scene) {
		sc.ring()
		sc.listen()
		sc.end("abandoned_in_flow", "hangup")
	}},
	{title: "no agent answers, the queue gives up", weight: 2, agents: 1, early: true, play: func(sc *scene) {
		sc.ring()
		for i := range sc.sim.between(2, 3) {
			sc.ringOut(i % len(sc.agents))
		}
		sc.pass(sc.sim.between(500, 1000), sc.sim.between(5, 20))
		sc.end("no_agent", "system-hangup")
	}},
	{title: "ended by the flow", weight: 2, agents: 1, play: func(sc *scene) {
		sc.ring()
		sc.listen()
		sc.end("ended_by_flow", "system-hangup")
	}},
	{title: "after hours", weight: 2, agents: 1, early: true, play: func(sc *scene) {
		sc.ring()
		sc.listen()
		sc.extra = map[string]string{"app.afterHours": "true"}
		sc.end("after_hours", []string{"hangup", "system-hangup"}[sc.sim.rng.IntN(2)])
	}},
	{title: "failed", weight: 1, agents: 1, play: func(sc *scene) {
		sc.ring()
		sc.listen()
		sc.end("failed", "failed")
	}},

	{title: "warm transfer", weight: 1, agents: 2, play: func(sc *scene) {
		sc.ring()
		first := sc.bridge(0)
		sc.talk()
		second := sc.transfer(1) // both agents are connected
		sc.pass(sc.sim.between(300, 800), sc.sim.between(10, 40))
		sc.leave(first, "hangup")
		sc.hangUp(second)
	}},
	{title: "cold transfer", weight: 2, agents: 2, early: true, play: func(sc *scene) {
		sc.ring()
		first := sc.bridge(0)
		sc.talk()
		sc.leave(first, "transferred")
		sc.hangUp(sc.transfer(1))
	}},
	{title: "back to the queue", weight: 1, agents: 3, play: func(sc *scene) {
		sc.ring()
		first := sc.bridge(0)
		sc.talk()
		sc.leave(first, "hangup")
		sc.ringOut(1)
		sc.hangUp(sc.bridge(2))
	}},

	{title: "outbound, answered", weight: 2, agents: 1, early: true, outbound: true, play: func(sc *scene) {
		o := sc.place()
		o.answer()
		o.hangUp()
	}},
	{title: "outbound, not answered", weight: 1, agents: 1, outbound: true, play: func(sc *scene) { sc.place().giveUp() }},

	{title: "bridged delivered twice", weight: 1, agents: 1, play: func(sc *scene) {
		sc.ring()
		agent := sc.bridge(0)
		sc.repeatLast()
		sc.hangUp(agent)
	}},
	{title: "bridged arrives before inbound", weight: 1, agents: 1, play: func(sc *scene) {
		sc.ring()
		agent := sc.bridge(0)
		sc.deliverLater(0)
		sc.hangUp(agent)
	}},
	{title: "finished arrives before bridged", weight: 1, agents: 1, play: func(sc *scene) {
		sc.ring()
		sc.hangUp(sc.bridge(0))
		sc.deliverLater(1)
	}},
}
