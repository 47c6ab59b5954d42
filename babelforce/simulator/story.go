package simulator

import (
	"time"

	"github.com/callthread/callthread/babelforce"
)

// Story is one simulated call: the deliveries of babelforce and their expected result.
type Story struct {
	Key   string // the call's key, as in [babelforce.Call.Key]
	Title string // describes the call for a reader
	Steps []Step // sorted by time
	Want  Want
}

// Step is one delivery.
type Step struct {
	After       time.Duration // since the beginning of the call
	Event       babelforce.EventName
	ContentType string
	Body        []byte
}

// Want is what must be true after every step was delivered, in any order. All times are in
// seconds.
type Want struct {
	Direction string // in or out
	Outcome   string // answered, abandoned_in_queue, …
	Customer  string // the number that called or was called; "anonymous" if withheld

	Bridges []Bridge // the agents who had the call, in order; the last one owns it at the end
	EndedBy string   // caller, agent or flow; empty if the legs do not show it
	Waited  int      // until the first agent and the customer were connected; Total if they never were
	Talked  int      // while the customer was connected to an agent
	Total   int      // the duration of the customer's leg; a child leg's duration begins when it is answered

	Recording string // URL of the call's recording; empty if there is none
}

// Bridge is a connection of an agent and the customer.
type Bridge struct {
	Agent  babelforce.Agent // SourceID is the Kustomer user
	Queue  string           // the queue that led to the agent; empty after a transfer and on outbound calls
	Waited int              // from the event, if it contains the customer's leg; otherwise 0
}

// Answered reports whether an agent was connected to the customer.
func (w Want) Answered() bool { return len(w.Bridges) > 0 }

// Agent returns the agent who owns the call at the end; zero if there is none.
func (w Want) Agent() babelforce.Agent {
	if len(w.Bridges) == 0 {
		return babelforce.Agent{}
	}
	return w.Bridges[len(w.Bridges)-1].Agent
}
