package call

import (
	"slices"
	"time"
)

// FromLog holds the reports that babelforce's call log contains about one call. They
// are added together, so that no step sees only part of them.
type FromLog struct {
	Reports []Event `json:"reports"`
	// Status, if set, is the status of the call's conversation if these reports open it.
	// No automation changes it.
	Status string `json:"status,omitempty"`
}

// Added records that babelforce's call log has added reports to a call.
type Added struct {
	// At is when the log first added something, by Temporal's clock.
	At time.Time `json:"at"`
	// Whole is set if no webhook had reported the call by then.
	Whole bool `json:"whole,omitempty"`
	// Status is [FromLog.Status] if Whole is set.
	Status string `json:"status,omitempty"`
}

// longAfter is the age from which a call that is added from the log no longer counts as
// current: a conversation created now would look like a call that happens now.
const longAfter = 10 * time.Minute

// IsLongAfter reports whether the call was added long after it rang.
func (a *Added) IsLongAfter(rang time.Time) bool { return a != nil && a.At.Sub(rang) > longAfter }

// AddFromLog adds the reports of the call log. It returns false if none of them is new.
func (r *Record) AddFromLog(l FromLog, now time.Time) (isNew bool) {
	isWhole := len(r.Reports) == 0
	for _, e := range l.Reports {
		e.FromLog = true
		isNew = r.Add(e, now) || isNew
	}
	if isNew && r.Added == nil {
		r.Added = &Added{At: now, Whole: isWhole}
		if isWhole {
			r.Added.Status = l.Status
		}
	}
	return isNew
}

// addedWhole returns how the call was added, or nil if a webhook has reported it.
func (r *Record) addedWhole() *Added {
	if r.Added == nil || !r.Added.Whole {
		return nil
	}
	return r.Added
}

// Lacks reports whether the call log contains a report that would change the conversation.
// Further details about a known agent do not count: the log nearly always has some.
func (r Record) Lacks(l FromLog, now time.Time) bool {
	if r.Opened == nil || !r.Opened.Conversation {
		return false
	}
	r.Reports = slices.Clone(r.Reports)
	was := r.Unwritten()
	r.AddFromLog(l, now)
	return slices.ContainsFunc(r.Unwritten(), func(due Cause) bool { return due != AgentIdentified && !slices.Contains(was, due) })
}
