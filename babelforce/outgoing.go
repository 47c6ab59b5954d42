package babelforce

// outgoing is a call that an agent places: the platform connects a leg to the
// agent's own phone and one to the customer's (confirmed, HC/360040762932).
//
// Which of them is the parent is not documented, nor whether each is announced:
// here it is either, and those are announced that are placed one after the other.
type outgoing struct {
	*scene
	agent   Agent
	own     Call // the agent's leg, internal
	far     Call // the customer's, external
	dialled int  // when the customer's phone began to ring, as told
}

// place rings the agent's phone and then the customer's.
func (sc *scene) place() *outgoing {
	o := &outgoing{scene: sc, agent: sc.agents[0]}
	leg := sc.parent
	leg.Type, leg.Source, leg.State = "outbound", []string{"api", "webrtc"}[sc.sim.rng.IntN(2)], "ringing"
	leg.From = sc.parent.To
	o.own, o.far = leg, leg
	o.own.Domain, o.own.To = "internal", o.agent.Number
	o.far.Domain, o.far.To = "external", sc.want.Customer
	sc.want.Direction = "out"

	if sc.sim.rng.IntN(2) == 0 {
		o.own.ID, o.own.ParentID = sc.sim.newID(), o.far.ID
		sc.send(CallOutbound, o.far, o.agent, Queue{})
		o.takeOwn()
		return o
	}
	o.far.ID, o.far.ParentID = sc.sim.newID(), o.own.ID
	sc.send(CallOutbound, o.own, o.agent, Queue{})
	o.takeOwn()
	o.dialled, o.far.DateCreated = sc.told, sc.now()
	sc.send(CallOutbound, o.far, o.agent, Queue{})
	return o
}

// takeOwn is the agent picking up the own phone.
func (o *outgoing) takeOwn() {
	o.pass(o.sim.between(500, 1000), o.sim.between(2, 5))
	o.own.State, o.own.DateEstablished = "in-progress", o.now()
}

// answer is the customer picking up. The event shows the customer's leg, as it
// does on calls that come in (inferred).
func (o *outgoing) answer() {
	o.pass(o.sim.between(1000, 2000), o.sim.between(5, 20))
	o.far.State, o.far.DateEstablished = "bridged", o.now()
	o.far.Duration = new(o.told - o.dialled)
	o.send(CallBridged, o.far, o.agent, Queue{})
	o.connected(Bridge{Agent: o.agent, Waited: o.told - o.dialled})
}

// hangUp ends an answered call.
func (o *outgoing) hangUp() {
	o.pass(o.sim.between(2000, 4000), o.sim.between(45, 420))
	o.onLine--
	o.finish("completed", "hangup", o.told-o.dialled)
	o.want.Total = o.told - o.dialled
}

// giveUp is the agent letting it ring in vain.
func (o *outgoing) giveUp() {
	o.pass(o.sim.between(2000, 4000), o.sim.between(15, 40))
	rang := o.told - o.dialled
	if o.far.ParentID != "" {
		rang = 0 // as on every child leg that was not answered
	}
	o.finish("no-answer", "no-answer", rang)
	o.want.Outcome, o.want.Waited, o.want.Total = "unreached", rang, rang
}

// finish ends both legs, the parent last.
func (o *outgoing) finish(state, reason string, duration int) {
	o.far.State, o.far.FinishReason, o.far.Duration = state, reason, new(duration)
	o.own.State, o.own.FinishReason, o.own.Duration = "completed", "hangup", new(int(o.now().Sub(o.own.DateEstablished).Seconds()))
	o.far.DateFinished, o.own.DateFinished = o.now(), o.now()
	end := func(leg Call) {
		agent := Agent{}
		if leg.Domain == "internal" {
			agent = o.agent
		}
		o.send(CallFinished, leg, agent, Queue{})
	}
	first, last := o.own, o.far
	if o.far.ParentID != "" {
		first, last = last, first
	}
	end(first)
	o.pass(o.sim.between(50, 200), 0)
	end(last)
}
