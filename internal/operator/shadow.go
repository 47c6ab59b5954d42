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

// ShadowReport compares the conversations that calls in shadow would have created with those that
// the automation in use created. It contains no personal data.
type ShadowReport struct {
	Since  time.Time    `json:"since"`
	Totals ShadowTotals `json:"totals"`
	// Calls are the ended calls, oldest first.
	Calls []ShadowCall `json:"calls"`
}

// ShadowTotals counts calls. Calls is the number of compared calls, which have the verdict none,
// one or several. It does not include Ambiguous, NotCompared, UnderWay and Unread.
type ShadowTotals struct {
	Calls int `json:"calls"`
	// Conversations counts what the automation in use created for these calls.
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

// Differences counts calls by the field in which the conversations differ.
type Differences struct {
	Assignees int `json:"assignees"`
	Tags      int `json:"tags"`
	Status    int `json:"status"`
	Notes     int `json:"notes"`
}

// ShadowCall is the comparison of one call.
type ShadowCall struct {
	CallID string `json:"callId"`
	activities.VendorComparison
}

// nearRings is the time between the rings of two calls of a customer below which a conversation
// cannot be attributed to one of them.
const nearRings = 10 * time.Second

// ReportShadow compares the calls in shadow of a task queue that began at a time or later.
func (o *Operator) ReportShadow(ctx context.Context, taskQueue string, since time.Time) (ShadowReport, error) {
	q := Query{Shadow: true}
	q.Since(since)
	calls, _, err := o.List(ctx, q.String()+" AND "+is("TaskQueue", taskQueue), 0)
	if err != nil {
		return ShadowReport{}, err
	}
	r := ShadowReport{Since: since.UTC(), Calls: []ShadowCall{}} // JSON: an empty array, not null
	read, err := o.comparisons(ctx, latestRuns(calls), &r.Totals)
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

// comparisons reads the comparisons of ended calls and counts the other calls.
func (o *Operator) comparisons(ctx context.Context, calls []Call, totals *ShadowTotals) (read []ShadowCall, err error) {
	states := make([]*workflows.State, len(calls))
	group, reads := errgroup.WithContext(ctx)
	group.SetLimit(readAtOnce)
	for i, c := range calls {
		if !c.isOver() || c.endedEarly() {
			continue
		}
		group.Go(func() error {
			state, err := o.stateOf(reads, c)
			if err == nil {
				states[i] = &state
			} else if reads.Err() != nil || isUnavailable(err) {
				return err
			}
			return nil
		})
	}
	if err := group.Wait(); err != nil {
		return nil, err
	}
	for i, c := range calls {
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

// settle attributes each conversation to one call. If a customer calls twice, each call found the
// conversations of both. The call that rang nearest keeps the conversation. If both rang within
// nearRings, both are ambiguous.
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

// nearestOf is the claimant that rang closest to the creation of a conversation.
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
	counts := map[activities.Field]*int{
		activities.FieldAssignees: &d.Assignees, activities.FieldTags: &d.Tags, activities.FieldStatus: &d.Status, activities.FieldNotes: &d.Notes,
	}
	for _, field := range c.Differences() {
		*counts[field]++
	}
}

// isOdd reports whether the vendor's result differs from the call's own.
func (c ShadowCall) isOdd() bool {
	return c.Verdict != activities.VerdictOne || len(c.Differences()) > 0
}
