package stories

import (
	"math/rand/v2"
	"slices"
	"testing"
	"time"
)

const asItHappens = "as it happens"

const (
	// These replace fewEvents and sample in short mode.
	fewEventsInShort, sampleInShort = 3, 6
	// apart is the time between delayed events that arrive out of order.
	apart = 300 * time.Millisecond
	// echo is the time until an event arrives again.
	echo = 100 * time.Millisecond
)

// playing is one way in which babelforce can deliver a story.
type playing struct {
	story
	manner     string
	begins     time.Time // in wall-clock time
	deliveries []delivery
}

type delivery struct {
	event event
	after time.Duration
	// fields are the fields of a body that differs from the usual one; nil for the usual body.
	fields []string
}

// playings returns the ways in which a story is played: as it happens; all at once after the end,
// in many orders; and with every event repeated, with the same body and with another.
func (s story) playings() []playing {
	events := s.Reported()
	all := []playing{s.asItHappens(events)}
	for _, order := range orders(len(events)) {
		if events[order[0]].Name == "recording.finished" {
			continue // the receiver starts no call with it
		}
		p := playing{story: s, manner: "delivered late, in this order", begins: s.over()}
		for i, n := range order {
			p.deliveries = append(p.deliveries, delivery{event: events[n], after: time.Duration(i) * apart})
		}
		all = append(all, p)
	}
	inOtherWords := s.saidTwice(events)
	inOtherWords.manner += ", the second time in other words"
	for i := range inOtherWords.deliveries {
		if i%2 == 1 {
			inOtherWords.deliveries[i].fields = otherWords[i/2%len(otherWords)]
		}
	}
	return append(all, s.saidTwice(events), inOtherWords)
}

func (s story) asItHappens(events []event) playing {
	p := playing{story: s, manner: asItHappens, begins: noon}
	for _, e := range events {
		p.deliveries = append(p.deliveries, delivery{event: e, after: e.At})
	}
	return p
}

func (s story) saidTwice(events []event) playing {
	p := playing{story: s, manner: "delivered late, each event twice", begins: s.over()}
	for i, e := range events {
		first := time.Duration(i) * apart
		p.deliveries = append(p.deliveries, delivery{event: e, after: first}, delivery{event: e, after: first + echo})
	}
	return p
}

// over is a time after all events of the story.
func (s story) over() time.Time {
	last := slices.MaxFunc(s.Events, func(a, b event) int { return int(a.At - b.At) })
	return noon.Add(last.At + time.Second)
}

// orders returns all orders of n events. If there are too many, it returns the original order, its
// reverse, each event moved to the front and to the end, and a sample of others. The sample is the
// same each time.
func orders(n int) [][]int {
	few, many := fewEvents, sample
	if testing.Short() {
		few, many = fewEventsInShort, sampleInShort
	}
	if n <= few {
		return permutations(n)
	}
	var chosen [][]int
	add := func(order []int) {
		if !slices.ContainsFunc(chosen, func(other []int) bool { return slices.Equal(order, other) }) {
			chosen = append(chosen, order)
		}
	}
	var straight []int
	for i := range n {
		straight = append(straight, i)
	}
	add(straight)
	reverse := slices.Clone(straight)
	slices.Reverse(reverse)
	add(reverse)
	for i := range n {
		others := slices.Delete(slices.Clone(straight), i, i+1)
		add(append([]int{i}, others...))
		add(append(others, i))
	}
	for random := rand.New(rand.NewPCG(1, uint64(n))); len(chosen) < many; {
		add(random.Perm(n))
	}
	return chosen[:many]
}

func permutations(n int) [][]int {
	if n == 0 {
		return [][]int{nil}
	}
	var all [][]int
	for _, order := range permutations(n - 1) {
		for at := range n {
			all = append(all, slices.Insert(slices.Clone(order), at, n-1))
		}
	}
	return all
}
