package call

import (
	"slices"
	"time"
)

// FromLog is what babelforce's call log contains of one call. It comes all at once,
// so that no step sees half of it.
type FromLog struct {
	Reports []Event `json:"reports"`
	// Status, if set, is the only status that the call's conversation is given, if this opens it.
	Status string `json:"status,omitempty"`
}

// Added is what babelforce's call log has to do with a call.
type Added struct {
	// At is when the log first added something, by Temporal's clock.
	At time.Time `json:"at"`
	// Whole says that no webhook had reported anything by then.
	Whole bool `json:"whole,omitempty"`
	// Status is that of [FromLog], where the whole call was added.
	Status string `json:"status,omitempty"`
}

// longAfter is when a call that is added from the log no longer takes part in
// what its customer did then: a conversation made now would be taken for a call of now.
const longAfter = 10 * time.Minute

// IsLongAfter reports whether the call was added long after it rang.
func (a *Added) IsLongAfter(rang time.Time) bool { return a != nil && a.At.Sub(rang) > longAfter }

// AddFromLog adds what the call log contains. It returns false if nothing in it is new.
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

// addedWhole is how the call was added, nil if webhooks have reported it.
func (r *Record) addedWhole() *Added {
	if r.Added == nil || !r.Added.Whole {
		return nil
	}
	return r.Added
}

// Lacks reports whether the call log contains something that would change the
// conversation, had it been reported. More about an agent who is known is not enough:
// the log nearly always has that.
func (r Record) Lacks(l FromLog, now time.Time) bool {
	if r.Opened == nil || !r.Opened.Conversation {
		return false
	}
	r.Reports = slices.Clone(r.Reports)
	was := r.Unwritten()
	r.AddFromLog(l, now)
	return slices.ContainsFunc(r.Unwritten(), func(due Cause) bool { return due != AgentIdentified && !slices.Contains(was, due) })
}
