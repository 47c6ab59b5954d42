package babelforce

import (
	"fmt"
	"time"
)

// plot is a kind of call.
type plot struct {
	title       string
	weight      int // cards in the deck
	agents      int // how many different agents it needs
	withheld    bool
	knownCaller bool
	play        func(*scene)
}

var answeredAtOnce = plot{title: "answered at the first ring", weight: 7, agents: 1, play: func(sc *scene) {
	sc.ring()
	sc.bridge(0)
	sc.hangUp()
}}

var plots = []plot{
	answeredAtOnce,
	{title: "answered by the second agent", weight: 4, agents: 2, play: func(sc *scene) {
		sc.ring()
		sc.ringOut(0)
		sc.bridge(1)
		sc.hangUp()
	}},
	{title: "abandoned in the queue", weight: 3, agents: 1, play: func(sc *scene) {
		sc.ring()
		for i := range sc.sim.between(1, 2) {
			sc.ringOut(i % len(sc.agents))
		}
		sc.abandon()
	}},
	{title: "number withheld", weight: 1, agents: 1, withheld: true, play: answeredAtOnce.play},
	{title: "repeat caller", weight: 2, agents: 1, knownCaller: true, play: answeredAtOnce.play},
	{title: "bridged delivered twice", weight: 2, agents: 1, play: func(sc *scene) {
		sc.ring()
		sc.bridge(0)
		sc.repeatLast()
		sc.hangUp()
	}},
	{title: "bridged arrives before inbound", weight: 1, agents: 1, play: func(sc *scene) {
		sc.ring()
		sc.bridge(0)
		sc.deliverLater(0)
		sc.hangUp()
	}},
	{title: "finished arrives before bridged", weight: 1, agents: 1, play: func(sc *scene) {
		sc.ring()
		sc.bridge(0)
		sc.hangUp()
		sc.deliverLater(1)
	}},
}

// scene is a call being told. It runs on two clocks: elapsed, when a step is
// played, and told, the seconds since the call began as the bodies have it.
type scene struct {
	sim     *Simulator
	shape   encoding
	times   timeForm
	start   time.Time
	elapsed time.Duration
	told    int

	parent   Call
	queue    Queue
	agents   []Agent // in the order in which they are rung
	child    Call    // the leg of the agent who answered
	answerer Agent
	steps    []Step
	want     Want
}

func (s *Simulator) newScene(start time.Time, p plot) *scene {
	line := s.rng.IntN(len(s.queues))
	sc := &scene{sim: s, start: start, shape: s.encoding(), times: s.timeForm(), queue: s.queues[line]}
	for _, i := range s.rng.Perm(len(s.agents)) {
		sc.agents = append(sc.agents, s.agents[i])
	}
	sc.parent = Call{
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
	sc.want.From = sc.parent.From
	return sc
}

// ring is the caller entering the queue.
func (sc *scene) ring() {
	sc.parent.State = "queued"
	sc.send(CallInbound, sc.parent, Agent{}, Queue{})
}

// ringOut is an agent who lets it ring: a leg of no duration that the platform ends.
func (sc *scene) ringOut(who int) {
	leg := sc.newChild(sc.agents[who])
	sc.pass(sc.sim.between(400, 900), sc.sim.between(10, 20))
	leg.State, leg.FinishReason = "no-answer", "system-hangup"
	leg.DateFinished, leg.Duration = sc.now(), new(int)
	sc.send(CallFinished, leg, sc.agents[who], sc.queue)
}

// bridge is an agent picking up. The event shows the caller's leg (inferred),
// whose duration then is the time waited.
func (sc *scene) bridge(who int) {
	sc.answerer = sc.agents[who]
	sc.child = sc.newChild(sc.answerer)
	sc.pass(sc.sim.between(1000, 2000), sc.sim.between(3, 12))
	sc.child.DateEstablished = sc.now()
	sc.parent.DateEstablished, sc.parent.State = sc.now(), "bridged"
	sc.parent.Duration = new(sc.told)
	sc.send(CallBridged, sc.parent, sc.answerer, sc.queue)
	sc.want.Answered = true
	sc.want.AgentName, sc.want.AgentSourceID = sc.answerer.Name, sc.answerer.SourceID
	sc.want.QueueName, sc.want.Waited = sc.queue.Name, sc.told
}

// hangUp ends an answered call: first the agent's leg, then the caller's.
func (sc *scene) hangUp() {
	talked := sc.sim.between(45, 420)
	sc.pass(sc.sim.between(2000, 4000), talked)
	// Who hung up shows on the agent's leg alone (confirmed, HC/360040954652).
	reason := []string{"hangup", "passive-hangup"}[sc.sim.rng.IntN(2)]
	sc.child.State, sc.child.FinishReason = "completed", reason
	sc.child.DateFinished, sc.child.Duration = sc.now(), new(talked)
	sc.send(CallFinished, sc.child, sc.answerer, sc.queue)

	sc.pass(sc.sim.between(50, 200), 0)
	sc.endParent("passive-hangup")
}

// abandon is the caller giving up.
func (sc *scene) abandon() {
	sc.pass(sc.sim.between(1500, 3000), sc.sim.between(5, 60))
	sc.endParent("hangup")
}

func (sc *scene) endParent(reason string) {
	sc.parent.State, sc.parent.FinishReason = "completed", reason
	sc.parent.DateFinished, sc.parent.Duration = sc.now(), new(sc.told)
	sc.send(CallFinished, sc.parent, Agent{}, Queue{})
	sc.want.Finished, sc.want.Total = true, sc.told
}

// repeatLast delivers the last step a second time.
func (sc *scene) repeatLast() {
	sc.pass(sc.sim.between(50, 400), 0)
	again := sc.steps[len(sc.steps)-1]
	again.After = sc.elapsed
	sc.steps = append(sc.steps, again)
}

// deliverLater holds step i back until shortly after the last one.
func (sc *scene) deliverLater(i int) {
	sc.pass(sc.sim.between(50, 400), 0)
	late := sc.steps[i]
	late.After = sc.elapsed
	sc.steps = append(append(sc.steps[:i:i], sc.steps[i+1:]...), late)
}

func (sc *scene) newChild(agent Agent) Call {
	return Call{
		ID: sc.sim.newID(), ParentID: sc.parent.ID,
		SessionID: sc.parent.SessionID, ConversationID: sc.parent.ConversationID,
		Type: "outbound", Source: "queue", Domain: "internal",
		From: sc.parent.From, To: agent.Number, Anonymous: sc.parent.Anonymous,
		DateCreated: sc.now(),
	}
}

// pass lets time go by: milliseconds as played, seconds as told.
func (sc *scene) pass(milliseconds, seconds int) {
	sc.elapsed += time.Duration(milliseconds) * time.Millisecond
	sc.told += seconds
}

func (sc *scene) now() time.Time { return sc.start.Add(time.Duration(sc.told) * time.Second) }

func (sc *scene) send(name EventName, leg Call, agent Agent, queue Queue) {
	contentType, body := encode(Event{Name: name, Call: leg, Agent: agent, Queue: queue}, sc.shape, sc.times)
	sc.steps = append(sc.steps, Step{After: sc.elapsed, Event: name, ContentType: contentType, Body: body})
}

func (sc *scene) story(title string) Story {
	return Story{Key: sc.parent.Key(), Title: title, Steps: sc.steps, Want: sc.want}
}
