package simulator

import "github.com/callthread/callthread/babelforce"

// outgoing is an outbound call by an agent: the platform connects a leg to the agent's own
// phone and one to the customer's (confirmed, HC/360040762932).
//
// It is not documented which leg is the parent, nor whether each leg is reported. Here, the
// parent is random, and each leg that starts after another is reported.
type outgoing struct {
	*scene
	agent   babelforce.Agent
	own     babelforce.Call // the agent's leg, internal
	far     babelforce.Call // the customer's, external
	dialled int             // when the customer's phone began to ring, in call seconds; 0 if its leg is the parent
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
		sc.send(babelforce.CallOutbound, o.far, o.agent, babelforce.Queue{})
		o.takeOwn()
		return o
	}
	o.far.ID, o.far.ParentID = sc.sim.newID(), o.own.ID
	sc.send(babelforce.CallOutbound, o.own, o.agent, babelforce.Queue{})
	o.takeOwn()
	o.dialled, o.far.DateCreated = sc.callSeconds, sc.now()
	sc.send(babelforce.CallOutbound, o.far, o.agent, babelforce.Queue{})
	return o
}

// takeOwn lets the agent pick up the agent's own phone.
func (o *outgoing) takeOwn() {
	o.pass(o.sim.between(500, 1000), o.sim.between(2, 5))
	o.own.State, o.own.DateEstablished = "in-progress", o.now()
}

// answer lets the customer pick up. The event contains the parent leg, as on inbound calls
// (inferred).
func (o *outgoing) answer() {
	o.pass(o.sim.between(1000, 2000), o.sim.between(5, 20))
	o.far.State, o.far.DateEstablished = "bridged", o.now()
	parent, bridge := o.far, Bridge{Agent: o.agent, Waited: o.callSeconds}
	if o.far.ParentID != "" {
		parent, bridge.Waited = o.own, 0
	}
	parent.Duration = new(o.callSeconds)
	o.send(babelforce.CallBridged, parent, o.agent, babelforce.Queue{})
	o.connected(bridge)
	o.want.Waited = o.callSeconds - o.dialled
}

// hangUp ends an answered call.
func (o *outgoing) hangUp() {
	o.pass(o.sim.between(2000, 4000), o.sim.between(45, 420))
	o.onLine--
	o.finish("completed", "hangup")
}

// giveUp lets the customer's phone ring without an answer until the agent hangs up.
func (o *outgoing) giveUp() {
	o.pass(o.sim.between(2000, 4000), o.sim.between(15, 40))
	o.finish("no-answer", "no-answer")
	o.want.Outcome, o.want.Waited = "unreached", o.callSeconds-o.dialled
}

// finish ends both legs, the parent last. As on inbound calls, the parent's duration begins
// when it rings, and the child's when it is answered.
func (o *outgoing) finish(state, reason string) {
	o.far.State, o.far.FinishReason, o.far.DateFinished = state, reason, o.now()
	o.own.State, o.own.FinishReason, o.own.DateFinished = "completed", "hangup", o.now()
	if o.far.ParentID == "" {
		o.far.Duration, o.own.Duration = new(o.callSeconds), new(int(o.now().Sub(o.own.DateEstablished).Seconds()))
		o.end(o.own, o.agent, o.far, babelforce.Agent{})
	} else {
		o.far.Duration, o.own.Duration = new(o.want.Talked), new(o.callSeconds)
		o.end(o.far, babelforce.Agent{}, o.own, o.agent)
	}
	o.want.Total = *o.far.Duration
}

func (o *outgoing) end(child babelforce.Call, childs babelforce.Agent, parent babelforce.Call, parents babelforce.Agent) {
	o.send(babelforce.CallFinished, child, childs, babelforce.Queue{})
	o.pass(o.sim.between(50, 200), 0)
	o.send(babelforce.CallFinished, parent, parents, babelforce.Queue{})
}
