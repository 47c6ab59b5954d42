// Package simulator invents calls and delivers the webhooks that babelforce would send for
// them. A [Simulator] invents a [Story], which lists the deliveries and the expected result
// of one call, and a [Player] delivers it to a webhook. Tests, benchmarks and the demo use
// stories in place of a babelforce account.
package simulator

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/callthread/callthread/babelforce"
)

// Simulator invents calls. The mix is an ordinary day's with more trouble. Calls come from
// a shuffled deck: about forty calls in a row contain every kind, and ten the main kinds.
// It is not safe for concurrent use.
//
// Phone numbers come only from ranges reserved for fiction: +49 30 23125000 to
// 23125999 (Bundesnetzagentur), +44 20 79460000 to 79460999 (Ofcom) and
// +1 202 555 0100 to 0199 (NANPA).
type Simulator struct {
	// Incoming omits outbound calls, and Unrecorded omits recorded calls: the built-in
	// automations write nothing for either.
	Incoming, Unrecorded bool

	rng     *rand.Rand
	agents  []babelforce.Agent
	queues  []babelforce.Queue
	callers []string // numbers of earlier callers
	deck    []plot   // calls still to be dealt
}

// New returns a Simulator whose stories depend only on its arguments: the same seed, agents
// and queues give the same stories, byte for byte.
//
// Agents need an ID, a Name and a SourceID, the Kustomer user who owns the agent's calls.
// An agent without a number gets an invented one. With fewer than three agents, calls that
// need more agents are omitted. Without queues, three are invented.
func New(seed int64, agents []babelforce.Agent, queues []babelforce.Queue) (*Simulator, error) {
	if len(agents) == 0 {
		return nil, errors.New("the simulator needs at least one agent")
	}
	s := &Simulator{rng: rand.New(rand.NewPCG(uint64(seed), 0)), queues: queues}
	for i, agent := range agents {
		if agent.ID == "" || agent.Name == "" || agent.SourceID == "" {
			return nil, fmt.Errorf("simulated agent %d of %d needs an id, a name and a source id", i+1, len(agents))
		}
		if agent.Number == "" {
			agent.Number = fmt.Sprintf("+4930231250%02d", firstAgentNumber+i%(100-firstAgentNumber))
		}
		s.agents = append(s.agents, agent)
	}
	if len(queues) == 0 {
		for _, name := range []string{"Support", "Sales", "Billing"} {
			s.queues = append(s.queues, babelforce.Queue{ID: s.newID(), Name: name})
		}
	}
	return s, nil
}

// The last two digits of +49 30 231250xx: first the dialled lines, then agents. Callers have
// the rest of the range.
const (
	lines            = 10
	firstAgentNumber = lines
)

// Next invents a call that begins at start, truncated to the second. Step times are
// compressed to a few seconds, but the times and durations in the bodies are realistic: the
// call ends minutes after start.
func (s *Simulator) Next(start time.Time) Story {
	plot := s.deal()
	sc := s.newScene(start.UTC().Truncate(time.Second), plot)
	plot.play(sc)
	if !sc.parent.Anonymous {
		s.callers = append(s.callers, sc.want.Customer)
	}
	return sc.story(plot.title)
}

// Shuffle changes half of the stories: the steps are delivered within two seconds in random
// order, and some twice. The other half is returned unchanged. The simulator's seed decides.
// Want stays true, because the bodies contain the times. A recording is never the first
// step, because it is stored after the call.
func (s *Simulator) Shuffle(story Story) Story {
	if s.rng.IntN(2) == 0 {
		return story
	}
	steps := slices.Clone(story.Steps)
	for _, step := range story.Steps {
		if s.rng.IntN(3) == 0 {
			steps = append(steps, step)
		}
	}
	s.rng.Shuffle(len(steps), func(i, j int) { steps[i], steps[j] = steps[j], steps[i] })
	first := slices.IndexFunc(steps, func(step Step) bool { return step.Event != babelforce.RecordingFinished })
	steps[0], steps[first] = steps[first], steps[0]
	var elapsed time.Duration
	for i := range steps {
		steps[i].After = elapsed
		elapsed += time.Duration(s.between(0, 2000/len(steps))) * time.Millisecond
	}
	story.Steps, story.Title = steps, story.Title+", shuffled"
	return story
}

// Lose removes each step with probability share, as if its webhook had been lost. Want may
// then no longer be true.
func (s *Simulator) Lose(story Story, share float64) Story {
	story.Steps = slices.DeleteFunc(slices.Clone(story.Steps), func(Step) bool { return s.rng.Float64() < share })
	return story
}

// deal takes the next plot from the deck. It shuffles a new deck if the old one is empty.
func (s *Simulator) deal() plot {
	if len(s.deck) == 0 {
		s.deck = s.newDeck()
	}
	if s.deck[0].knownCaller && len(s.callers) == 0 {
		s.deck[0], s.deck[1] = s.deck[1], s.deck[0] // there is no earlier caller yet
	}
	next := s.deck[0]
	s.deck = s.deck[1:]
	return next
}

// newDeck returns a shuffled deck that begins with one card of each main kind.
func (s *Simulator) newDeck() []plot {
	var early, rest []plot
	for _, p := range plots {
		if p.agents > len(s.agents) || p.outbound && s.Incoming || p.recorded && s.Unrecorded {
			continue
		}
		cards := slices.Repeat([]plot{p}, p.weight)
		if p.early {
			early, cards = append(early, p), cards[1:]
		}
		rest = append(rest, cards...)
	}
	for _, part := range [][]plot{early, rest} {
		s.rng.Shuffle(len(part), func(i, j int) { part[i], part[j] = part[j], part[i] })
	}
	return append(early, rest...)
}

// newID returns an id in babelforce's form: 32 hex digits.
func (s *Simulator) newID() string {
	return fmt.Sprintf("%016x%016x", s.rng.Uint64(), s.rng.Uint64())
}

// newCaller returns a number that is mostly German, sometimes British or American.
func (s *Simulator) newCaller() string {
	switch n := s.rng.IntN(10); {
	case n < 7:
		return fmt.Sprintf("+493023125%03d", 100+s.rng.IntN(900))
	case n < 9:
		return fmt.Sprintf("+442079460%03d", s.rng.IntN(1000))
	default:
		return fmt.Sprintf("+12025550%d", 100+s.rng.IntN(100))
	}
}

// between returns a random integer from low to high, inclusive.
func (s *Simulator) between(low, high int) int { return low + s.rng.IntN(high-low+1) }

func (s *Simulator) encoding() babelforce.Encoding {
	return []babelforce.Encoding{babelforce.NestedJSON, babelforce.NestedJSON, babelforce.NestedJSON, babelforce.FlatJSON, babelforce.FormFields}[s.rng.IntN(5)]
}

func (s *Simulator) timeForm() babelforce.TimeForm {
	return []babelforce.TimeForm{babelforce.UnixSeconds, babelforce.UnixSeconds, babelforce.UnixMillis, babelforce.RFC3339}[s.rng.IntN(4)]
}
