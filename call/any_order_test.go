package call

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// invented is a call that may have happened: its reports in the order of their times.
type invented struct {
	*rand.Rand
	reports []Event
	legs    int
}

var clara = Agent{ID: "9", Name: "Clara", SourceID: "user-of-clara"}

// invent returns the reports of a call with up to five pick-ups. Each pick-up is reported by the
// caller's leg, by the agent's leg, whose clock differs by up to two seconds, or by both.
func invent(seed uint64) []Event {
	c := &invented{Rand: rand.New(rand.NewPCG(seed, 1))}
	c.report(0, rings)
	now, last := 0, Agent{}
	for range c.IntN(6) {
		now += 1 + c.IntN(30)
		agent := []Agent{amira, ben, clara}[c.IntN(3)]
		if c.IntN(3) == 0 {
			c.attempt(now, agent, 0)
			continue
		}
		if agent == last {
			continue
		}
		c.pickUp(now, agent)
		now += 7 + c.IntN(60)
		last = agent
	}
	reason, ended := []string{"hangup", "passive-hangup", "system-hangup", "transferred"}[c.IntN(4)], now
	if reason == "transferred" {
		ended = c.IntN(now + 1) // the call goes on without the caller's leg
	}
	c.report(now, Event{Kind: Finished, Leg: after(callersLeg, ended, reason)})
	return c.reports
}

func (c *invented) report(received int, e Event) {
	e.ReceivedAt = at(received)
	e.Extra = map[string]string{fmt.Sprint("app.", e.Kind, len(c.reports)): "x", "app.last": fmt.Sprint(len(c.reports))}
	c.reports = append(c.reports, e)
}

// attempt adds the leg of an agent who is rung, and who talks for some seconds.
func (c *invented) attempt(rang int, agent Agent, talked int) {
	c.legs++
	leg := Leg{ID: fmt.Sprint("c-", c.legs), ParentID: "p", Type: "outbound", Source: "queue", Domain: "internal", CreatedAt: at(rang)}
	reason, ended := "system-hangup", rang+3
	if talked > 0 {
		leg.EstablishedAt, reason, ended = at(rang), "hangup", rang+talked
	}
	leg.FinishedAt = at(ended)
	c.report(ended, Event{Kind: Finished, Leg: after(leg, talked, reason), Agent: agent})
}

func (c *invented) pickUp(now int, agent Agent) {
	queue := Queue{Name: "Support"}
	onCallers := Event{Kind: Bridged, Leg: after(callersLeg, now, ""), Agent: agent, Queue: queue}
	onAgents := Event{Kind: Bridged, Agent: agent, Leg: Leg{ID: fmt.Sprint("c-", c.legs+1), ParentID: "p", CreatedAt: at(now - 1), EstablishedAt: at(now + c.IntN(5) - 2)}}
	switch c.IntN(4) {
	case 0:
		c.report(now, onCallers)
	case 1:
		c.report(now, onAgents)
	case 2:
		onAgents.Agent = Agent{}
		fallthrough
	default:
		c.report(now, onCallers)
		c.report(now, onAgents)
	}
	if c.IntN(2) == 0 {
		c.attempt(now, agent, 1+c.IntN(50))
	} else {
		c.legs++
	}
}

// seeds is how many calls are invented.
const seeds = uint64(300)

// shown is what a conversation shows of a call in the end.
type shown struct {
	Holder  Agent
	Agents  []string
	Facts   Facts
	Outcome Outcome
	Summary Summary
}

func (r *Record) shown() shown {
	story := r.Final()
	s := shown{Holder: story.holder(), Facts: r.Facts(), Outcome: story.Closing.Facts.Outcome, Summary: story.Closing.Facts.Summary}
	for _, p := range byTime(r.pickUps()) {
		s.Agents = append(s.Agents, p.event.Agent.Name+p.at().Sub(noon).String())
	}
	return s
}

func shuffled(seed uint64, events []Event) []Event {
	events = slices.Clone(events)
	random := rand.New(rand.NewPCG(seed, 2))
	random.Shuffle(len(events), func(i, j int) { events[i], events[j] = events[j], events[i] })
	return events
}

// inBrief lists the reports in their order.
func inBrief(events []Event) (lines string) {
	for _, e := range events {
		lines += fmt.Sprintf("%s %s %q at %v\n", e.Kind, e.Leg.ID, e.Agent.Name, e.At().Sub(noon))
	}
	return lines
}

func inJSON(t *testing.T, v any) string {
	t.Helper()
	text, err := json.MarshalIndent(v, "", " ")
	require.NoError(t, err)
	return string(text)
}

func TestAnyOrderGivesTheSame(t *testing.T) {
	for seed := range seeds {
		events := invent(seed)
		r := recordOf(events...)
		r.Opened = &Opened{Conversation: true, Expects: Expects{Finish: true}}
		want := inJSON(t, r.shown())
		for n := range uint64(8) {
			order := shuffled(n, events)
			other := recordOf(order...)
			other.Opened = r.Opened
			require.Equal(t, want, inJSON(t, other.shown()), "seed %d, order %d: %s", seed, n, inBrief(order))
			before := inJSON(t, other)
			for _, e := range order {
				other.Add(e, noon)
			}
			require.Equal(t, before, inJSON(t, other), "seed %d: repeated", seed)
		}
	}
}

// The reports arrive in any order, a second apart, and each step is done at once.
func TestAnyOrderOfArrivalGivesTheSame(t *testing.T) {
	for seed := range seeds {
		events := invent(seed)
		var want string
		for n := range uint64(8) {
			order := events
			if n > 0 {
				order = shuffled(n, events)
			}
			r, now := &Record{Key: "p", Started: at(600), Limits: DefaultLimits}, at(600)
			run := func(until time.Time) {
				for {
					next := r.Next(now)
					switch {
					case next.Step != nil:
						r.Done(*next.Step, Done{Conversation: true, Expects: Expects{Finish: true}})
					case next.Wait.For == "":
						return
					case next.Wait.Until.After(until):
						now = until
						return
					default:
						now = next.Wait.Until
					}
				}
			}
			for _, e := range order {
				r.Add(e, now)
				run(now.Add(time.Second))
			}
			run(now.Add(100 * time.Hour))
			is := inJSON(t, map[string]any{"holder": r.Was.holder(), "outcome": r.Was.Closing.Facts.Outcome, "ending": r.Was.Closing.Ending, "pick-ups": len(r.Was.PickUps), "agent": r.Expected().Agent})
			if n == 0 {
				want = is
			}
			require.Equal(t, want, is, "seed %d, order %d: %s", seed, n, inBrief(order))
		}
	}
}
