package reconcile

import (
	"slices"
	"time"

	"github.com/callthread/callthread/babelforce/calllog"
)

// Window is a half-open time window: it includes From and excludes To.
type Window struct {
	From time.Time `json:"from"`
	To   time.Time `json:"to"`
}

// Day returns the window of a calendar day in a time zone. A day may have 23 or 25 hours. The
// format of the text is 2026-11-27.
func Day(text string, zone *time.Location) (Window, error) {
	day, err := time.ParseInLocation(time.DateOnly, text, zone)
	if err != nil {
		return Window{}, err
	}
	return Window{From: day, To: day.AddDate(0, 0, 1)}, nil
}

// Chunks splits the window into windows of at most the given length.
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
	// Again is set if the calls of the window were compared and counted before.
	Again bool `json:"again,omitempty"`
	// Late is set if a pass has compared the window before. Then only calls that need attention
	// and are not Known are counted: their rows appeared late or have changed.
	Late  bool      `json:"late,omitempty"`
	Known []Verdict `json:"known,omitempty"`
}

// isNew reports whether the verdict of a call in the part is counted.
func (p Part) isNew(v Verdict) bool {
	isKnown := func(known Verdict) bool { return known.CallID == v.CallID }
	return !p.Late || !v.Result.IsPlain() && !slices.ContainsFunc(p.Known, isKnown)
}

// Gap is a window that could not be compared completely.
type Gap struct {
	Window
	Kind calllog.Kind `json:"kind,omitempty"` // the error's kind; "" if the log was read but rows were missing
	// Why is the reason, as a text for operators.
	Why string `json:"why"`
}

// Comparison is the result of comparing the calls of a window. It contains call ids but no
// personal data.
type Comparison struct {
	Window
	// Calls is the number of root calls in the log.
	Calls int `json:"calls"`
	// Counts are the numbers of calls by result. Their sum is Calls.
	Counts map[Result]int `json:"counts"`
	// Listed are the calls whose result is not plain, up to a limit. See [Result.IsPlain].
	Listed []Verdict `json:"listed,omitempty"`
	// WithoutRow are the calls that have a run but no row in the log, up to a limit.
	WithoutRow []string `json:"withoutRow,omitempty"`
	// Repaired is the number of calls that were repaired. Counts contains their results before the
	// repair.
	Repaired int `json:"repaired,omitempty"`
	// Held is the number of calls that wait for an operator to repair them, because they were too
	// many or a repair failed.
	Held int `json:"held,omitempty"`
	// Gaps are the windows that were not compared. If there are any, further calls may be missing.
	Gaps []Gap `json:"gaps,omitempty"`
}

// maxListed limits the size of a comparison in Temporal: a call takes some hundred bytes, and the
// result of a pass, at most 2 MB, contains three such lists.
const maxListed = 4000

// Add counts a verdict and lists it unless it is plain.
func (c *Comparison) Add(v Verdict) {
	if c.Counts == nil {
		c.Counts = make(map[Result]int)
	}
	c.Calls++
	c.Counts[v.Result]++
	c.list(v)
}

// list lists a verdict unless it is plain.
func (c *Comparison) list(v Verdict) {
	if !v.Result.IsPlain() && len(c.Listed) < maxListed {
		c.Listed = append(c.Listed, v)
	}
}

// unlisted returns the number of calls that need attention and exceed the limit of the list.
func (c Comparison) unlisted() int {
	n := -len(c.Listed)
	for _, result := range Results {
		if !result.IsPlain() {
			n += c.Counts[result]
		}
	}
	return n
}

// tooMany is the gap of a window with unlisted calls, which are neither repaired nor judged later.
func tooMany(w Window, unlisted int) Gap {
	return Gap{Window: w, Why: number(unlisted) + " more calls need attention than can be listed: compare and repair shorter periods"}
}

// Join adds the comparison of the next window.
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

// IsComplete reports whether the whole window was compared.
func (c Comparison) IsComplete() bool { return len(c.Gaps) == 0 }

// toRepair returns the listed calls that need a repair.
func (c Comparison) toRepair() []Verdict { return only(c.Listed, Verdict.NeedsRepair) }

// with returns the listed calls with a result.
func (c Comparison) with(result Result) []Verdict {
	return only(c.Listed, func(v Verdict) bool { return v.Result == result })
}

// only returns the verdicts that fulfil a condition.
func only(verdicts []Verdict, is func(Verdict) bool) []Verdict {
	return slices.DeleteFunc(slices.Clone(verdicts), func(v Verdict) bool { return !is(v) })
}
