// Package simulator invents calls, and delivers to a webhook what babelforce
// would send about them.
package simulator

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/callthread/callthread/babelforce"
)

// Simulator invents calls. The mix is that of an ordinary day with somewhat
// more trouble, dealt from a shuffled deck, so that some forty calls in a row
// show every kind, and ten the main ones. It is not safe for concurrent use.
//
// Phone numbers come only from ranges reserved for fiction: +49 30 23125000 to
// 23125999 (Bundesnetzagentur), +44 20 79460000 to 79460999 (Ofcom) and
// +1 202 555 0100 to 0199 (NANPA).
type Simulator struct {
	// Plain leaves out calls that agents place, and recordings: what only
	// automations beyond the built-in ones write down.
	Plain bool

	rng     *rand.Rand
	agents  []babelforce.Agent
	queues  []babelforce.Queue
	callers []string // numbers that have called before
	deck    []plot   // calls still to be dealt
}

// New makes one whose stories depend on its arguments alone: the same
// seed, agents and queues give the same stories, byte for byte.
//
// Agents need an ID, a Name and a SourceID, the Kustomer user who is to own the
// call; one without a number gets an invented one. With fewer than three there
// are no calls that pass through as many hands; no queues means three invented ones.
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

// The last two digits of +49 30 231250xx: lines that callers dial, then agents.
// Callers have the rest of the range.
const (
	lines            = 10
	firstAgentNumber = lines
)

// Next invents a call that begins at start, cut to the second. Step times are
// compressed to a few seconds, whereas the times and durations inside the
// bodies are those of a real call: its end lies minutes after start.
func (s *Simulator) Next(start time.Time) Story {
	plot := s.deal()
	sc := s.newScene(start.UTC().Truncate(time.Second), plot)
	plot.play(sc)
	if !sc.parent.Anonymous {
		s.callers = append(s.callers, sc.want.Customer)
	}
	return sc.story(plot.title)
}

// Shuffle has half of the stories delivered within two seconds in a random
// order, with some steps delivered twice, and leaves the others as they are.
// Whom it hits, and how, the simulator's seed decides. What a story wants stays
// true, since the bodies say when things happened. A recording, which is stored
// after all else, is never what is first heard of a call.
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

// Lose leaves out each step with the probability share, as if its webhook had
// never arrived. What the story wants is then no longer true.
func (s *Simulator) Lose(story Story, share float64) Story {
	story.Steps = slices.DeleteFunc(slices.Clone(story.Steps), func(Step) bool { return s.rng.Float64() < share })
	return story
}

// deal takes the next plot off the deck, and shuffles a new deck when it is empty.
func (s *Simulator) deal() plot {
	if len(s.deck) == 0 {
		s.deck = s.newDeck()
	}
	if s.deck[0].knownCaller && len(s.callers) == 0 {
		s.deck[0], s.deck[1] = s.deck[1], s.deck[0] // nobody has called before yet
	}
	next := s.deck[0]
	s.deck = s.deck[1:]
	return next
}

// newDeck has a card of each of the main kinds on top.
func (s *Simulator) newDeck() []plot {
	var early, rest []plot
	for _, p := range plots {
		if p.agents > len(s.agents) || p.extra && s.Plain {
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

// newID is an id as babelforce writes it: 32 hex digits.
func (s *Simulator) newID() string {
	return fmt.Sprintf("%016x%016x", s.rng.Uint64(), s.rng.Uint64())
}

// newCaller is mostly German, at times British or American.
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

// between is a random whole number from low to high, both included.
func (s *Simulator) between(low, high int) int { return low + s.rng.IntN(high-low+1) }

func (s *Simulator) encoding() babelforce.Encoding {
	return []babelforce.Encoding{babelforce.NestedJSON, babelforce.NestedJSON, babelforce.NestedJSON, babelforce.FlatJSON, babelforce.FormFields}[s.rng.IntN(5)]
}

func (s *Simulator) timeForm() babelforce.TimeForm {
	return []babelforce.TimeForm{babelforce.UnixSeconds, babelforce.UnixSeconds, babelforce.UnixMillis, babelforce.RFC3339}[s.rng.IntN(4)]
}
