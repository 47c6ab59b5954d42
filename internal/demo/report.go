package demo

import (
	"fmt"
	"slices"
)

// Report says what was proven of the calls that were played.
type Report struct {
	Calls, Answered, Notes, Requests int
	Disturbed                        int // requests that Kustomer did not answer as it should, or late
	Lost, Doubled, Wrong             []string
	Seed                             int64

	// Of a run with faults:

	Kills     map[Part]int // nil in a run without faults
	Parked    int          // calls that Kustomer had refused a step of, and the operator let try again
	Causeless []string     // parked calls that did not say why
}

func (r Report) right() bool {
	return len(r.Lost)+len(r.Doubled)+len(r.Wrong)+len(r.Causeless) == 0
}

// DisturbedShare is the part of all requests that was disturbed, from 0 to 1.
func (r Report) DisturbedShare() float64 { return float64(r.Disturbed) / float64(max(r.Requests, 1)) }

func (r Report) String() string {
	good := r.Calls - len(r.Lost) - len(r.Doubled) - len(r.Wrong)
	line := fmt.Sprintf("%d of %d calls right: each has exactly one conversation, %d answered ones are with the agent who had them last, %d notes, none twice; %d lost, %d doubled, %d wrong",
		good, r.Calls, r.Answered, r.Notes, len(r.Lost), len(r.Doubled), len(r.Wrong))
	if r.Requests > 0 && r.Calls > 0 {
		line += fmt.Sprintf("; %.1f Kustomer requests per call", float64(r.Requests)/float64(r.Calls))
	}
	if r.Kills != nil {
		line += fmt.Sprintf("\nseed %d: %.1f %% of %d requests disturbed; %s; %d calls parked, %d of them without a cause",
			r.Seed, 100*r.DisturbedShare(), r.Requests, killed(r.Kills), r.Parked, len(r.Causeless))
	}
	for _, problem := range slices.Concat(r.Lost, r.Doubled, r.Wrong, r.Causeless) {
		line += "\n  " + problem
	}
	return line + "."
}
