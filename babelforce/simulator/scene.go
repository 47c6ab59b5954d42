package simulator

import (
	"fmt"
	"time"

	"github.com/callthread/callthread/babelforce"
)

// scene is a call while it is simulated. It has two clocks: elapsed is when a step is
// delivered, and callSeconds is the time since the beginning of the call in the bodies.
type scene struct {
	sim         *Simulator
	shape       babelforce.Encoding
	times       babelforce.TimeForm
	start       time.Time
	elapsed     time.Duration
	callSeconds int

	parent babelforce.Call
	queue  babelforce.Queue
	agents []babelforce.Agent // in the order in which they are rung
	onLine int                // agents who are connected to the customer
	extra  map[string]string  // sent with every event from now on
	steps  []Step
	want   Want
}

// attempt is a leg to an agent.
type attempt struct {
	leg   babelforce.Call
	agent babelforce.Agent
	queue babelforce.Queue // zero if another agent rings
}

func (s *Simulator) newScene(start time.Time, p plot) *scene {
	line := s.rng.IntN(len(s.queues))
	sc := &scene{sim: s, start: start, shape: s.encoding(), times: s.timeForm(), queue: s.queues[line]}
	for _, i := range s.rng.Perm(len(s.agents)) {
		sc.agents = append(sc.agents, s.agents[i])
	}
	sc.parent = babelforce.Call{
		ID: s.newID(), SessionID: s.newID(), ConversationID: s.newID(),
		Type: "inbound", Source: "queue", Domain: "external",
		To: fmt.Sprintf("+49302312500%d", line%lines), DateCreated: start,
	}
	switch {
	case p.withheld:
		sc.parent.From, sc.parent.Anonymous = "anonymous", true
	case p.knownCaller:
		sc.parent.From = s.callers[s.rng.IntN(len(s.callers))]
	default:
		sc.parent.From = s.newCaller()
	}
	sc.want = Want{Direction: "in", Customer: sc.parent.From}
	return sc
}

// ring lets the caller enter the call flow.
func (sc *scene) ring() {
	sc.parent.State = "ringing"
	sc.send(babelforce.CallInbound, sc.parent, babelforce.Agent{}, babelforce.Queue{})
}

// listen lets the caller hear announcements, before any queue.
func (sc *scene) listen() { sc.pass(sc.sim.between(1500, 3000), sc.sim.between(5, 60)) }

// dial lets the queue ring an agent.
func (sc *scene) dial(who int) *attempt { return sc.newAttempt(who, "queue", sc.queue) }

// ringOut lets an agent's phone ring without an answer.
func (sc *scene) ringOut(who int) {
	a := sc.dial(who)
	sc.pass(sc.sim.between(400, 900), sc.sim.between(10, 20))
	sc.stopRinging(a)
}

// stopRinging ends an unanswered leg with a duration of 0.
func (sc *scene) stopRinging(a *attempt) {
	a.leg.State, a.leg.FinishReason = "no-answer", "system-hangup"
	a.leg.DateFinished, a.leg.Duration = sc.now(), new(int)
	sc.send(babelforce.CallFinished, a.leg, a.agent, a.queue)
}

// bridge lets the queue ring an agent, who picks up.
func (sc *scene) bridge(who int) *attempt {
	a := sc.dial(who)
	sc.pass(sc.sim.between(1000, 2000), sc.sim.between(3, 12))
	sc.pickUp(a)
	return a
}

// transfer lets an agent ring another one, who picks up.
func (sc *scene) transfer(who int) *attempt {
	a := sc.newAttempt(who, "transfer", babelforce.Queue{})
	sc.pass(sc.sim.between(500, 1000), sc.sim.between(3, 12))
	sc.pickUp(a)
	return a
}

// pickUp connects agent and caller. The event contains the caller's leg (inferred). Its
// duration is the waiting time.
func (sc *scene) pickUp(a *attempt) {
	a.leg.DateEstablished = sc.now()
	if !sc.want.Answered() {
		sc.parent.DateEstablished = sc.now()
	}
	sc.parent.State, sc.parent.Duration = "bridged", new(sc.callSeconds)
	sc.send(babelforce.CallBridged, sc.parent, a.agent, a.queue)
	sc.connected(Bridge{Agent: a.agent, Queue: a.queue.Name, Waited: sc.callSeconds})
}

// connected records that an agent and the customer talk from now on.
func (sc *scene) connected(bridge Bridge) {
	if !sc.want.Answered() {
		sc.want.Outcome, sc.want.Waited = "answered", bridge.Waited
	}
	sc.want.Bridges = append(sc.want.Bridges, bridge)
	sc.onLine++
}

// talk lets the agent and the caller talk before the call continues.
func (sc *scene) talk() { sc.pass(sc.sim.between(800, 1500), sc.sim.between(20, 180)) }

// leave ends the leg of a connected agent.
func (sc *scene) leave(a *attempt, reason string) {
	a.leg.State, a.leg.FinishReason = "completed", reason
	a.leg.DateFinished, a.leg.Duration = sc.now(), new(int(sc.now().Sub(a.leg.DateEstablished).Seconds()))
	sc.onLine--
	sc.send(babelforce.CallFinished, a.leg, a.agent, a.queue)
}

// hangUp ends an answered call: first the agent's leg, then the caller's.
func (sc *scene) hangUp(a *attempt) {
	sc.pass(sc.sim.between(2000, 3500), sc.sim.between(45, 420))
	// Only the agent's leg shows who hung up (confirmed, HC/360040954652).
	reason, by := "hangup", "agent"
	if sc.sim.rng.IntN(2) == 0 {
		reason, by = "passive-hangup", "caller"
	}
	sc.leave(a, reason)
	sc.pass(sc.sim.between(50, 200), 0)
	sc.end("answered", "passive-hangup")
	sc.want.EndedBy = by
}

// end ends the caller's leg, and with it the call.
func (sc *scene) end(outcome, reason string) {
	sc.parent.State, sc.parent.FinishReason = "completed", reason
	if reason == "failed" {
		sc.parent.State = "failed"
	}
	sc.parent.DateFinished, sc.parent.Duration = sc.now(), new(sc.callSeconds)
	sc.send(babelforce.CallFinished, sc.parent, babelforce.Agent{}, babelforce.Queue{})
	sc.want.Outcome, sc.want.Total = outcome, sc.callSeconds
	sc.want.EndedBy = map[string]string{"hangup": "caller", "system-hangup": "flow"}[reason]
	if !sc.want.Answered() {
		sc.want.Waited = sc.callSeconds
	}
}

// record reports the call's stored recording.
func (sc *scene) record() {
	sc.pass(1000, 1)
	id := sc.sim.newID()
	sc.want.Recording = "https://recordings.example.com/" + id + ".mp3"
	sc.sendEvent(babelforce.Event{Name: babelforce.RecordingFinished, Call: sc.parent, Recording: babelforce.Recording{ID: id, URL: sc.want.Recording, Duration: new(sc.want.Talked)}})
}

// repeatLast delivers the last step a second time.
func (sc *scene) repeatLast() {
	sc.pass(sc.sim.between(50, 400), 0)
	again := sc.steps[len(sc.steps)-1]
	again.After = sc.elapsed
	sc.steps = append(sc.steps, again)
}

// deliverLater moves step i to shortly after the last step.
func (sc *scene) deliverLater(i int) {
	sc.pass(sc.sim.between(50, 400), 0)
	late := sc.steps[i]
	late.After = sc.elapsed
	sc.steps = append(append(sc.steps[:i:i], sc.steps[i+1:]...), late)
}

func (sc *scene) newAttempt(who int, source string, queue babelforce.Queue) *attempt {
	agent := sc.agents[who]
	return &attempt{agent: agent, queue: queue, leg: babelforce.Call{
		ID: sc.sim.newID(), ParentID: sc.parent.ID,
		SessionID: sc.parent.SessionID, ConversationID: sc.parent.ConversationID,
		Type: "outbound", Source: source, Domain: "internal",
		From: sc.parent.From, To: agent.Number, Anonymous: sc.parent.Anonymous,
		DateCreated: sc.now(),
	}}
}

// pass advances both clocks: the delivery by milliseconds, the call by seconds.
func (sc *scene) pass(milliseconds, seconds int) {
	sc.elapsed += time.Duration(milliseconds) * time.Millisecond
	sc.callSeconds += seconds
	if sc.onLine > 0 {
		sc.want.Talked += seconds
	}
}

func (sc *scene) now() time.Time { return sc.start.Add(time.Duration(sc.callSeconds) * time.Second) }

func (sc *scene) send(name babelforce.EventName, leg babelforce.Call, agent babelforce.Agent, queue babelforce.Queue) {
	sc.sendEvent(babelforce.Event{Name: name, Call: leg, Agent: agent, Queue: queue})
}

func (sc *scene) sendEvent(event babelforce.Event) {
	event.Extra = sc.extra
	contentType, body := babelforce.Encode(event, sc.shape, sc.times)
	sc.steps = append(sc.steps, Step{After: sc.elapsed, Event: event.Name, ContentType: contentType, Body: body})
}

func (sc *scene) story(title string) Story {
	return Story{Key: sc.parent.Key(), Title: title, Steps: sc.steps, Want: sc.want}
}
