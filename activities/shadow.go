package activities

import (
	"cmp"

	"go.temporal.io/sdk/temporal"

	"github.com/callthread/callthread/kustomer"
)

// Withheld is a request that a live call would have sent.
type Withheld = kustomer.Withheld

// InShadow reports whether the activities write nothing to Kustomer, and only report what
// they would write.
func InShadow(a *Activities) bool { return a != nil && a.kustomer.IsShadow() }

// OtherMode is the type of the error for a live call on a worker for shadows, or for a
// shadow on a live worker. Another worker has to serve the call.
const OtherMode = "OtherMode"

// serves refuses a step of the other mode: a live call would not be written, and a shadow
// would be.
func (a *Activities) serves(shadow bool) error {
	switch {
	case shadow == a.kustomer.IsShadow():
		return nil
	case shadow:
		return temporal.NewApplicationError("this worker writes to Kustomer, and the call is a shadow: start a worker with --shadow, and check that no other worker polls its task queue", OtherMode)
	}
	return temporal.NewApplicationError("this worker is a shadow, and the call is live: check that no shadow polls the task queue of live calls", OtherMode)
}

// theirs returns the conversation that Kustomer would show to a shadow: the one that our
// last write left. Others cannot have changed a conversation that does not exist.
func (c Conversation) theirs() *kustomer.Conversation {
	if c.ID == "" {
		return nil
	}
	return &kustomer.Conversation{
		ID: c.ID, CustomerID: c.CustomerID, Name: c.Name, Status: cmp.Or(c.Status, "open"), Rev: max(c.Rev, 1),
		Tags: c.TagIDs, AssignedUsers: c.AssignedUsers, AssignedTeams: c.AssignedTeams, NoteCount: c.Notes,
	}
}
