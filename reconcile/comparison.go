package reconcile

import (
	"slices"
	"time"

	"github.com/callthread/callthread/babelforce/calllog"
)

// Window is a half-open stretch of time: From is in it, To is not.
type Window struct {
	From time.Time `json:"from"`
	To   time.Time `json:"to"`
}

// Day is a calendar day in a time zone, which may have 23 or 25 hours. The text is such as 2026-11-27.
func Day(text string, zone *time.Location) (Window, error) {
	day, err := time.ParseInLocation(time.DateOnly, text, zone)
	if err != nil {
		return Window{}, err
	}
	return Window{From: day, To: day.AddDate(0, 0, 1)}, nil
}

// Chunks are the window in pieces of at most a length.
func (w Window) Chunks(length time.Duration) (chunks []Window) {
	for from := w.From; from.Before(w.To); from = from.Add(length) {
		to := from.Add(length)
		if to.After(w.To) {
			to = w.To
		}
		chunks = append(chunks, Window{from, to})
	}
	return chunks
}

// Part is a window to compare.
type Part struct {
	Window
	// Again says that its calls were compared before, and counted.
	Again bool `json:"again,omitempty"`
}

// Gap is a window that could not be compared, or not wholly, and why.
type Gap struct {
	Window
	Kind calllog.Kind `json:"kind,omitempty"` // "" where the log was read, and says less than it has
	// Why is a sentence for people.
	Why string `json:"why"`
}

// Comparison is what became of the calls of a window. It holds call ids, and
// nothing else about anybody.
type Comparison struct {
	Window
	// Calls is how many root calls the log has.
	Calls int `json:"calls"`
	// Counts add up to Calls.
	Counts map[Result]int `json:"counts"`
	// Listed are the calls that are not plainly matched, the first ones of too many.
	Listed []Verdict `json:"listed,omitempty"`
	// WithoutRow are calls that have a run, and no row in the log.
	WithoutRow []string `json:"withoutRow,omitempty"`
	// Repaired is how many calls were given what the log contains and they lacked. They
	// are still counted as what they were before.
	Repaired int `json:"repaired,omitempty"`
	// Held is how many need a repair and wait for an operator: too many at once, or a repair that failed.
	Held int `json:"held,omitempty"`
	// Gaps are what was not compared. With one, nothing says that no call is missing.
	Gaps []Gap `json:"gaps,omitempty"`
}

// maxListed bounds what Temporal has to keep of one comparison: some hundred bytes a call.
const maxListed = 5000

// Add notes one verdict.
func (c *Comparison) Add(v Verdict) {
	if c.Counts == nil {
		c.Counts = make(map[Result]int)
	}
	c.Calls++
	c.Counts[v.Result]++
	if !v.Result.IsPlain() && len(c.Listed) < maxListed {
		c.Listed = append(c.Listed, v)
	}
}

// Join adds a comparison of the window that follows.
func (c *Comparison) Join(next Comparison) {
	if c.Counts == nil {
		c.Counts = make(map[Result]int)
	}
	c.To = next.To
	c.Calls, c.Repaired, c.Held = c.Calls+next.Calls, c.Repaired+next.Repaired, c.Held+next.Held
	for _, result := range Results {
		if n := next.Counts[result]; n > 0 {
			c.Counts[result] += n
		}
	}
	c.Listed = append(c.Listed, next.Listed[:min(len(next.Listed), maxListed-len(c.Listed))]...)
	c.WithoutRow = append(c.WithoutRow, next.WithoutRow[:min(len(next.WithoutRow), maxListed-len(c.WithoutRow))]...)
	c.Gaps = append(c.Gaps, next.Gaps...)
}

// IsComplete reports whether everything was seen.
func (c Comparison) IsComplete() bool { return len(c.Gaps) == 0 }

// toRepair are the listed calls that lack what the log contains.
func (c Comparison) toRepair() []Verdict {
	return slices.DeleteFunc(slices.Clone(c.Listed), func(v Verdict) bool { return !v.NeedsRepair() })
}

// with are the listed calls with a result.
func (c Comparison) with(result Result) []Verdict {
	return slices.DeleteFunc(slices.Clone(c.Listed), func(v Verdict) bool { return v.Result != result })
}
