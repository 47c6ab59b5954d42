package activities

import (
	"cmp"

	"go.temporal.io/sdk/temporal"

	"github.com/callthread/callthread/kustomer"
)

// Withheld is a request that a shadow would have made.
type Withheld = kustomer.Withheld

// InShadow reports whether steps only say what they would write: their client writes nothing.
func InShadow(a *Activities) bool { return a != nil && a.kustomer.IsShadow() }

// OtherMode: the worker serves calls in shadow and the call is live, or the other way
// round. Another worker has to serve it.
const OtherMode = "OtherMode"

// serves refuses a step of the other mode. A live call's would not be written, and a
// shadow's would.
func (a *Activities) serves(shadow bool) error {
	switch {
	case shadow == a.kustomer.IsShadow():
		return nil
	case shadow:
		return temporal.NewApplicationError("this worker writes to Kustomer, and the call is a shadow: start a worker with --shadow, and see that no other has its task queue", OtherMode)
	}
	return temporal.NewApplicationError("this worker is a shadow, and the call is live: see that none has the task queue of live calls", OtherMode)
}

// theirs is the conversation as Kustomer would show it to a shadow: as our last write
// left it, because nobody else can have changed what is not there.
func (c Conversation) theirs() *kustomer.Conversation {
	if c.ID == "" {
		return nil
	}
	return &kustomer.Conversation{
		ID: c.ID, CustomerID: c.CustomerID, Name: c.Name, Status: cmp.Or(c.Status, "open"), Rev: max(c.Rev, 1),
		Tags: c.TagIDs, AssignedUsers: c.AssignedUsers, AssignedTeams: c.AssignedTeams, NoteCount: c.Notes,
	}
}
