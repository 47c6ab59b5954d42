package stories

import (
	"math/rand/v2"
	"slices"
	"testing"
	"time"
)

const asItHappens = "as it happens"

const (
	// Short mode has these in place of fewEvents and sample.
	fewEventsInShort, sampleInShort = 3, 6
	// apart is how far apart events arrive that were held up and overtook each other.
	apart = 300 * time.Millisecond
	// echo is how soon an event comes a second time.
	echo = 100 * time.Millisecond
)

// playing is one way in which babelforce can deliver a story.
type playing struct {
	story
	manner     string
	begins     time.Time // by the clock on the wall
	deliveries []delivery
}

type delivery struct {
	event told
	after time.Duration
	// fields are those of a body in other words, nil for the usual body.
	fields []string
}

// playings are the ways in which a story is played: as it happens; all at once
// when it is over, in many orders; and with everything said twice, in the same words
// and in others.
func (s story) playings() []playing {
	events := s.heard()
	all := []playing{s.asItHappens(events)}
	for _, order := range orders(len(events)) {
		if events[order[0]].event == recordingFinished {
			continue // the receiver begins no call with it
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

func (s story) asItHappens(events []told) playing {
	p := playing{story: s, manner: asItHappens, begins: noon}
	for _, e := range events {
		p.deliveries = append(p.deliveries, delivery{event: e, after: e.at})
	}
	return p
}

func (s story) saidTwice(events []told) playing {
	p := playing{story: s, manner: "delivered late, each event twice", begins: s.over()}
	for i, e := range events {
		first := time.Duration(i) * apart
		p.deliveries = append(p.deliveries, delivery{event: e, after: first}, delivery{event: e, after: first + echo})
	}
	return p
}

// over is a moment after all that the story tells.
func (s story) over() time.Time {
	last := slices.MaxFunc(s.Events, func(a, b told) int { return int(a.at - b.at) })
	return noon.Add(last.at + time.Second)
}

// orders are all orders of a few things. Of more they are the order itself and
// its reverse, each thing taken out of it and put first and last, and others
// by chance, the same each time.
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
