package demo

import (
	"fmt"
	"slices"
	"strings"
)

// Report states what was checked for the calls of a run, and what was not.
type Report struct {
	// Calls counts the calls that have ended. Only these are judged.
	Calls, Answered, Notes, Requests int
	Disturbed                        int // requests that Kustomer answered late or with an error
	Lost, Doubled, Wrong             []string
	Seed                             int64
	// Unopened counts the calls for which the file opens no conversation.
	Unopened int
	// File is the user's automations file; "" without one.
	File string

	// The following is not judged.

	UnderWay    int // calls that have not ended
	StillParked int // calls that wait for an operator
	Shared      int // calls that share a conversation; only their notes are judged
	Others      int // conversations of calls that the demo did not play
	NotJudged   []string

	// The following is set in a run that loses webhooks.

	Lossy     int    // calls with lost webhooks; they are judged like all others
	Repaired  int    // lossy calls that were incomplete
	Statement string // result of the last comparison with babelforce's log

	// The following is set in a run with faults.

	Kills map[Part]int // nil in a run without faults
	// RepairsKilled counts the kills of the worker in the midst of a repair.
	RepairsKilled int
	Parked        int      // calls with a step that Kustomer refused and the operator retried
	Causeless     []string // parked calls that gave no reason
}

func (r Report) right() bool {
	return len(r.Lost)+len(r.Doubled)+len(r.Wrong)+len(r.Causeless) == 0
}

// DisturbedShare is the share of requests that were disturbed, from 0 to 1.
func (r Report) DisturbedShare() float64 { return float64(r.Disturbed) / float64(max(r.Requests, 1)) }

// String returns the verdict, the figures of the run, what was not judged and the problems, in
// lines of at most 100 columns.
func (r Report) String() string {
	good := r.Calls - len(r.Lost) - len(r.Doubled) - len(r.Wrong)
	lines := []string{fmt.Sprintf("%d of %d calls right%s; %d lost, %d doubled, %d wrong.",
		good, r.Calls, r.open(), len(r.Lost), len(r.Doubled), len(r.Wrong))}
	if r.Calls > 0 {
		lines = append(lines, r.judged())
	}
	if r.Requests > 0 && r.Calls > 0 && r.UnderWay == 0 { // calls under way have made requests too
		lines = append(lines, fmt.Sprintf("%.1f Kustomer requests per call.", float64(r.Requests)/float64(r.Calls)))
	}
	if r.Statement != "" {
		lines = append(lines, fmt.Sprintf("Webhooks of %d calls were lost: %d calls were incomplete and were repaired from babelforce's log. The final comparison:\n%s.", r.Lossy, r.Repaired, r.Statement))
	}
	if r.Kills != nil {
		lines = append(lines, fmt.Sprintf("Seed %d: %.1f %% of %d requests disturbed; %d calls parked and retried, %d without a cause;\n%s.",
			r.Seed, 100*r.DisturbedShare(), r.Requests, r.Parked, len(r.Causeless), killed(r.Kills)))
	}
	lines = append(lines, listed("Not judged:", r.leftOut())...)
	lines = append(lines, listed("Problems:", slices.Concat(r.Lost, r.Doubled, r.Wrong, r.Causeless))...)
	return strings.Join(lines, "\n")
}

// open counts the calls that have not ended.
func (r Report) open() string {
	var open []string
	if r.UnderWay > 0 {
		open = append(open, fmt.Sprintf("%d under way", r.UnderWay))
	}
	if r.StillParked > 0 {
		open = append(open, fmt.Sprintf("%d parked", r.StillParked))
	}
	if len(open) == 0 {
		return ""
	}
	return ", and " + strings.Join(open, ", ") + ": not judged"
}

func (r Report) judged() string {
	if r.File == "" {
		return fmt.Sprintf("Each has exactly one conversation, %d answered ones are with the agent who had them last;\n%d notes, none twice.",
			r.Answered, r.Notes)
	}
	if r.Unopened == 0 {
		return fmt.Sprintf("Each has exactly one conversation, as %s renders it;\n%d notes, none twice.", r.File, r.Notes)
	}
	return fmt.Sprintf("%d have exactly one conversation each, as %s renders it,\nand %d have none, because it opens none for them; %d notes, none twice.",
		r.Calls-r.Unopened, r.File, r.Unopened, r.Notes)
}

// leftOut lists what was not judged.
func (r Report) leftOut() []string {
	left := slices.Clone(r.NotJudged)
	if r.Shared > 0 {
		left = append(left, fmt.Sprintf("all but the notes of calls that share a conversation with another: %d", r.Shared))
	}
	if r.Others > 0 {
		left = append(left, fmt.Sprintf("conversations of calls that the demo did not play: %d", r.Others))
	}
	return left
}

func listed(title string, items []string) (lines []string) {
	if len(items) == 0 {
		return nil
	}
	lines = []string{title}
	for _, item := range items {
		lines = append(lines, "  "+item)
	}
	return lines
}
