package simulator

import (
	"time"

	"github.com/callthread/callthread/babelforce"
)

// Story is one simulated call: what babelforce sends about it, and when.
type Story struct {
	Key   string // the call's key, as [Call.Key] gives it
	Title string // what is special about it, for a person to read
	Steps []Step // by time
	Want  Want
}

// Step is one delivery.
type Step struct {
	After       time.Duration // since the call began
	Event       babelforce.EventName
	ContentType string
	Body        []byte
}

// Want is what must be true of the call once every step was delivered, in
// whatever order. All times are in seconds.
type Want struct {
	Direction string // in or out
	Outcome   string // answered, abandoned_in_queue, …
	Customer  string // the number that called, or was called; "anonymous" when withheld

	Bridges []Bridge // who had the call, in order; the last has it in the end
	EndedBy string   // caller, agent or flow; empty where the legs do not tell
	Waited  int      // until the first agent and the customer were connected; where they never were, Total
	Talked  int      // while the customer was connected to anybody
	Total   int      // the duration of the customer's leg, which as a child leg only lasts once it is answered

	Recording string // the URL of the call's recording; empty when there is none
}

// Bridge is an agent and the customer being connected.
type Bridge struct {
	Agent  babelforce.Agent // whose SourceID is the Kustomer user
	Queue  string           // the name of the queue that led to the agent; empty after a transfer, and on calls that are placed
	Waited int              // as the event says of the customer's leg; 0 if it is about another
}

// Answered reports whether anybody was connected to the customer.
func (w Want) Answered() bool { return len(w.Bridges) > 0 }

// Agent is who has the call in the end; zero if nobody does.
func (w Want) Agent() babelforce.Agent {
	if len(w.Bridges) == 0 {
		return babelforce.Agent{}
	}
	return w.Bridges[len(w.Bridges)-1].Agent
}
