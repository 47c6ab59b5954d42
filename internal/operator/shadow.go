package operator

import (
	"cmp"
	"context"
	"slices"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/callthread/callthread/activities"
	"github.com/callthread/callthread/workflows"
)

// ShadowReport compares what shadows would have done with what others did. It names no
// caller and no agent.
type ShadowReport struct {
	Since  time.Time    `json:"since"`
	Totals ShadowTotals `json:"totals"`
	// Calls are those that are over, the oldest first.
	Calls []ShadowCall `json:"calls"`
}

// ShadowTotals count calls. Calls is the number that was compared: those with the verdicts
// none, one and several. Ambiguous, NotCompared, UnderWay and Unread are further ones.
type ShadowTotals struct {
	Calls int `json:"calls"`
	// Conversations are those that others created for these calls.
	Conversations int `json:"conversations"`
	None          int `json:"none"`
	One           int `json:"one"`
	Several       int `json:"several"`
	// OtherAgent counts calls with a conversation that is assigned to a user who did not pick up.
	OtherAgent int `json:"otherAgent"`
	// Differ counts calls with one conversation that differs from the call's own.
	Differ      Differences `json:"differ"`
	Ambiguous   int         `json:"ambiguous"`
	NotCompared int         `json:"notCompared"`
	UnderWay    int         `json:"underWay"`
	Unread      int         `json:"unread"`
}

// Differences count calls by what is different.
type Differences struct {
	Assignees int `json:"assignees"`
	Tags      int `json:"tags"`
	Status    int `json:"status"`
	Notes     int `json:"notes"`
}

// ShadowCall is one call of a report.
type ShadowCall struct {
	CallID string `json:"callId"`
	activities.VendorComparison
}

// nearRings is how close two calls of a customer ring for which nothing tells whose a
// conversation is.
const nearRings = 10 * time.Second

// ReportShadow reports on the calls in shadow that began after a time, on a task queue.
func (o *Operator) ReportShadow(ctx context.Context, taskQueue string, since time.Time) (ShadowReport, error) {
	q := Query{Shadow: true}
	q.Since(since)
	those, _, err := o.List(ctx, q.String()+" AND "+is("TaskQueue", taskQueue), 0)
	if err != nil {
		return ShadowReport{}, err
	}
	r := ShadowReport{Since: since.UTC(), Calls: []ShadowCall{}} // not nil, which would be no array in JSON
	read, err := o.comparisons(ctx, latestRuns(those), &r.Totals)
	if err != nil {
		return ShadowReport{}, err
	}
	r.Calls = append(r.Calls, read...)
	slices.SortStableFunc(r.Calls, func(a, b ShadowCall) int { return a.Rang.Compare(b.Rang) })
	settle(r.Calls)
	for _, c := range r.Calls {
		r.Totals.add(c)
	}
	return r, nil
}

// comparisons reads what calls that are over have found, and counts the others.
func (o *Operator) comparisons(ctx context.Context, those []Call, totals *ShadowTotals) (read []ShadowCall, err error) {
	states := make([]*workflows.State, len(those))
	group, reads := errgroup.WithContext(ctx)
	group.SetLimit(readAtOnce)
	for i, c := range those {
		if !c.isOver() || c.endedEarly() {
			continue
		}
		group.Go(func() error {
			state, err := o.stateOf(reads, c)
			if err == nil {
				states[i] = &state
			} else if reads.Err() != nil || isAway(err) {
				return err
			}
			return nil
		})
	}
	if err := group.Wait(); err != nil {
		return nil, err
	}
	for i, c := range those {
		switch state := states[i]; {
		case !c.isOver():
			totals.UnderWay++
		case state == nil || state.Shadow == nil || state.Shadow.Vendor == nil:
			totals.Unread++
		default:
			read = append(read, ShadowCall{CallID: c.CallID, VendorComparison: *state.Shadow.Vendor})
		}
	}
	return read, nil
}

// settle gives each conversation to one call: a customer who calls twice has conversations
// around both rings, and each call found them all. The call whose ring is nearest keeps
// it. If two rang at nearly the same time, nothing tells, and both are ambiguous.
func settle(calls []ShadowCall) {
	claims := make(map[string][]int)
	for i, c := range calls {
		for _, found := range c.Found {
			claims[found.ConversationID] = append(claims[found.ConversationID], i)
		}
	}
	loses := make(map[int]map[string]bool)
	for id, claimants := range claims {
		nearest := nearestOf(calls, claimants, id)
		for _, i := range claimants {
			switch isNear := calls[i].Rang.Sub(calls[nearest].Rang).Abs() < nearRings; {
			case i == nearest:
			case isNear:
				for _, both := range []int{i, nearest} {
					calls[both].Verdict, calls[both].Reason = activities.VerdictAmbiguous, activities.ReasonClose
				}
			default:
				if loses[i] == nil {
					loses[i] = make(map[string]bool)
				}
				loses[i][id] = true
			}
		}
	}
	for i, lost := range loses {
		c := &calls[i]
		c.Found = slices.DeleteFunc(c.Found, func(f activities.Found) bool { return lost[f.ConversationID] })
		if isSettled := len(c.Found) < 2 && c.Reason == activities.ReasonCreators; c.Reason == "" || isSettled {
			c.Verdict, c.Reason = activities.VerdictOf(c.Found), ""
		}
	}
}

// nearestOf is the call among these that rang closest to when a conversation was created.
func nearestOf(calls []ShadowCall, claimants []int, id string) int {
	distance := func(i int) time.Duration {
		at := slices.IndexFunc(calls[i].Found, func(f activities.Found) bool { return f.ConversationID == id })
		return calls[i].Found[at].CreatedAt.Sub(calls[i].Rang).Abs()
	}
	return slices.MinFunc(claimants, func(a, b int) int { return cmp.Compare(distance(a), distance(b)) })
}

func (t *ShadowTotals) add(c ShadowCall) {
	switch c.Verdict {
	case activities.VerdictAmbiguous:
		t.Ambiguous++
		return
	case activities.VerdictNotCompared:
		t.NotCompared++
		return
	case activities.VerdictNone:
		t.None++
	case activities.VerdictOne:
		t.One++
		t.Differ.add(c)
	case activities.VerdictSeveral:
		t.Several++
	}
	t.Calls++
	t.Conversations += len(c.Found)
	if slices.ContainsFunc(c.Found, func(f activities.Found) bool { return f.OtherAgent }) {
		t.OtherAgent++
	}
}

func (d *Differences) add(c ShadowCall) {
	for count, differs := range map[*int]bool{
		&d.Assignees: c.Found[0].Assignees == activities.Different,
		&d.Tags:      c.Found[0].Tags == activities.Different,
		&d.Status:    c.Found[0].Status == activities.Different,
		&d.Notes:     c.Found[0].Notes >= 0 && c.Found[0].Notes != c.Notes,
	} {
		if differs {
			*count++
		}
	}
}

// isOdd reports whether the vendor's side is not as the call's own would be.
func (c ShadowCall) isOdd() bool {
	var d Differences
	if c.Verdict == activities.VerdictOne {
		d.add(c)
	}
	return c.Verdict != activities.VerdictOne || d != (Differences{})
}
