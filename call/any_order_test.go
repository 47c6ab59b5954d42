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

// invented is a call that may have happened: what webhooks report about it, and what the call log
// contains. Both are in the order of time.
type invented struct {
	*rand.Rand
	webhooks []Event
	log      FromLog
	legs     int
}

// calls is how many calls are invented, and orders in how many orders each is reported.
const calls, orders = 150, 6

var clara = Agent{ID: "9", Name: "Clara", SourceID: "user-of-clara"}

// invent returns a call with up to five pick-ups. The agents may get it back from each other.
func invent(seed int) *invented {
	c := &invented{Rand: rand.New(rand.NewPCG(uint64(seed), 1))}
	c.reports(rings)
	now, last := 0, Agent{}
	for range c.IntN(6) {
		now += 1 + c.IntN(30)
		agent := []Agent{amira, ben, clara}[c.IntN(3)]
		switch {
		case c.IntN(3) == 0:
			c.legs++
			c.legEnds(now, agent, 0)
		case agent != last:
			c.picksUp(now, agent)
			now += 7 + c.IntN(60)
			last = agent
		}
	}
	reason := []string{"hangup", "passive-hangup", "system-hangup", "transferred"}[c.IntN(4)]
	c.reports(Event{Kind: Finished, Leg: after(callersLeg, now, reason)})
	return c
}

// reports adds what a webhook and the log contain.
func (c *invented) reports(e Event) {
	c.log.Reports = append(c.log.Reports, e)
	c.webhook(e)
}

// webhook adds a report with a field of its own, and one that each event sets again.
func (c *invented) webhook(e Event) {
	n := fmt.Sprint(len(c.webhooks))
	e.Extra = map[string]string{"app.n" + n: "set", "app.last": n}
	c.webhooks = append(c.webhooks, e)
}

// picksUp reports a pick-up on the caller's leg, on the agent's leg, whose clock differs by up to
// two seconds, or on both. The agent's leg may not name the agent.
func (c *invented) picksUp(now int, agent Agent) {
	c.legs++
	onCallers := Event{Kind: Bridged, ReceivedAt: at(now), Leg: after(callersLeg, now, ""), Agent: agent, Queue: Queue{Name: "Support"}}
	onAgents := Event{Kind: Bridged, ReceivedAt: at(now), Agent: agent, Leg: Leg{ID: fmt.Sprint("c-", c.legs), ParentID: "p", CreatedAt: at(now - 1), EstablishedAt: at(now + c.IntN(5) - 2)}}
	c.log.Reports = append(c.log.Reports, onAgents)
	which := c.IntN(4)
	if which != 0 {
		c.webhook(onCallers)
	}
	if which == 1 {
		onAgents.Agent = Agent{}
	}
	if which != 2 {
		c.webhook(onAgents)
	}
	if c.IntN(2) == 0 {
		c.legEnds(now, agent, 1+c.IntN(50))
	}
}

// legEnds ends the leg of an agent who was rung, and who talked for some seconds.
func (c *invented) legEnds(rang int, agent Agent, talked int) {
	leg := Leg{ID: fmt.Sprint("c-", c.legs), ParentID: "p", Type: "outbound", Source: "queue", Domain: "internal", CreatedAt: at(rang), FinishedAt: at(rang + 3)}
	if talked > 0 {
		leg.EstablishedAt, leg.FinishedAt = at(rang), at(rang+talked)
	}
	c.reports(Event{Kind: Finished, Leg: after(leg, talked, "hangup"), Agent: agent})
}

func (c *invented) shuffled() []Event {
	events := slices.Clone(c.webhooks)
	c.Shuffle(len(events), func(i, j int) { events[i], events[j] = events[j], events[i] })
	return events
}

// inWords lists reports in their order.
func inWords(events []Event) (lines string) {
	for _, e := range events {
		lines += fmt.Sprintf("\n%s %s %q at %v", e.Kind, e.Leg.ID, e.Agent.Name, e.At().Sub(noon))
	}
	return lines
}

// ended returns what a record shows of a call in the end, as text.
func (r *Record) ended(t *testing.T) (facts, agents string) {
	t.Helper()
	r.Opened = &Opened{Conversation: true, Expects: toTheEnd}
	story := r.Final()
	text, err := json.MarshalIndent(map[string]any{"facts": r.Facts(), "closing": story.Closing.Facts}, "", " ")
	require.NoError(t, err)
	agents = fmt.Sprint(story.Closing.Facts.Outcome, ", with ", story.holder().Name, " after ", story.Closing.Facts.Summary.Agents)
	return string(text), agents
}

func TestAnyOrderGivesTheSame(t *testing.T) {
	for seed := range calls {
		c := invent(seed)
		facts, agents := recordOf(c.webhooks...).ended(t)
		for range orders {
			order := c.shuffled()
			r := recordOf(order...)
			otherFacts, otherAgents := r.ended(t)
			require.Equal(t, facts, otherFacts, "call %d: %s", seed, inWords(order))
			require.Equal(t, agents, otherAgents, "call %d: %s", seed, inWords(order))
			before := slices.Clone(r.Reports)
			for _, e := range order {
				r.Add(e, noon)
			}
			require.Equal(t, before, r.Reports, "call %d: a repetition changes nothing", seed)
		}
	}
}

// The log is read at any time, and some webhooks are lost.
func TestLogAmongWebhooksGivesTheSame(t *testing.T) {
	for seed := range calls {
		c := invent(seed)
		_, agents := recordOf(c.webhooks...).ended(t)
		for range orders {
			r, order := recordOf(), c.shuffled()
			for i, read := 0, c.IntN(len(order)); i < len(order); i++ {
				if i == read {
					r.AddFromLog(c.log, noon)
				}
				if c.IntN(3) > 0 {
					r.Add(order[i], noon)
				}
			}
			_, other := r.ended(t)
			require.Equal(t, agents, other, "call %d: %s", seed, inWords(order))
		}
	}
}

// The reports arrive in any order, a second apart, and each step is done at once.
func TestAnyOrderOfArrivalGivesTheSame(t *testing.T) {
	for seed := range calls {
		c := invent(seed)
		want := c.play(c.webhooks)
		for range orders {
			order := c.shuffled()
			require.Equal(t, want, c.play(order), "call %d: %s", seed, inWords(order))
		}
	}
}

// play returns what was written in the end.
func (c *invented) play(order []Event) string {
	r := &Record{Key: "p", Started: at(600), Limits: DefaultLimits}
	for now := r.Started; ; {
		next := r.Next(now)
		switch {
		case next.Step != nil:
			r.Done(*next.Step, Done{Conversation: true, Expects: toTheEnd})
		case len(order) > 0:
			now = now.Add(time.Second)
			r.Add(order[0], now)
			order = order[1:]
		case next.Wait.For != "":
			now = next.Wait.Until
		default:
			return fmt.Sprint(r.Was.Closing.Facts.Outcome, ", with ", r.Was.holder().Name, ", pick-ups: ", len(r.Was.PickUps))
		}
	}
}
