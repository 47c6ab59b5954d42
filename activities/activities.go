// Package activities holds the steps of a call that touch Kustomer. Each may
// be carried out more than once: an attempt whose answer was lost, or whose
// worker died, is repeated, and a repeat finds what an earlier attempt has done
// instead of doing it again.
package activities

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"github.com/hashicorp/golang-lru/v2/expirable"
	"go.temporal.io/sdk/activity"
	"golang.org/x/sync/semaphore"

	"github.com/callthread/callthread/automation"
	"github.com/callthread/callthread/kustomer"
)

// Activities are the steps with what they need. It is registered whole; every
// exported method is an activity of the same name.
type Activities struct {
	// CallerHash is what Temporal's list of runs may know of a caller's number; "" is nothing.
	CallerHash func(number string) string
	// LocalRoom is how many steps may be tried within workflow tasks at once; nil is any number.
	LocalRoom *semaphore.Weighted
	// Vendor is the Kustomer user by whom conversations are created with which a shadow
	// compares its own; "" is anyone but the user of our key.
	Vendor string

	kustomer    *kustomer.Client
	automations func() *automation.Set
	country     string
	users       *expirable.LRU[string, string]   // by e-mail address
	tags        *expirable.LRU[string, string]   // names by id
	own         atomic.Pointer[string]           // the user of the key, once asked for
	tagIDs      *expirable.LRU[string, []string] // by names
}

// New makes the activities. Each step asks anew which automations are in
// force. Country (ISO 3166, two letters) is where numbers written without a
// country code are at home; empty refuses to guess.
func New(client *kustomer.Client, automations func() *automation.Set, country string) *Activities {
	return &Activities{
		CallerHash: func(string) string { return "" },
		kustomer:   client, automations: automations, country: country,
		users:  expirable.NewLRU[string, string](userCacheSize, nil, userCacheTime),
		tags:   expirable.NewLRU[string, string](tagCacheSize, nil, userCacheTime),
		tagIDs: expirable.NewLRU[string, []string](lostTagsCacheSize, nil, lostTagsCacheTime),
	}
}

// externalIDPrefix marks what we made in Kustomer, so that we recognise it.
const externalIDPrefix = "babelforce:"

// Priorities of steps, as task priorities of Temporal: of those that wait for
// a worker the lower goes first, and of those that wait for their turn in
// Kustomer's budget too.
const (
	// PriorityRing: a phone rings, and the agent's screen is empty.
	PriorityRing = 1
	// PriorityHandOver: an agent has the caller on the line.
	PriorityHandOver = 2
	// PriorityOutcome: the call is over; somebody may read of it any moment.
	PriorityOutcome = 3
	// PriorityCatchUp: the call was over before the step came to its turn.
	PriorityCatchUp = 4
)

// overdue is how old a step may be before nobody at a phone waits for it any
// more: it then makes room for calls that ring now.
const overdue = 2 * time.Minute

// HeartbeatTimeout is after how long a step that says nothing counts as dead
// with its worker, so that another takes it up while the phone still rings.
const HeartbeatTimeout = 10 * time.Second

// heartbeats are far enough apart for the usual step to end without one.
const heartbeats = 3 * time.Second

// LocalTimeout is how long a step may take that is tried within the workflow
// task itself (a local activity). It has to end well before Temporal would take
// its worker for dead (10 s) or the SDK would ask for more time (8 s): nothing
// but the history's length tells the next worker that it may have been tried.
const LocalTimeout = 5 * time.Second

// isLocal reports whether a step is tried within the workflow task. Temporal
// does not know of the attempt before it has ended, and carries it out again as
// the first one where its worker dies.
func isLocal(ctx context.Context) bool {
	return activity.IsActivity(ctx) && activity.GetInfo(ctx).IsLocalActivity
}

// enter takes a step's room, if it is tried within the workflow task. One that
// finds none must not wait for it there: it becomes a regular activity, and
// those wait in Temporal, by urgency.
func (a *Activities) enter(ctx context.Context) (leave func(), err error) {
	if !isLocal(ctx) || a.LocalRoom == nil {
		return func() {}, nil
	}
	if !a.LocalRoom.TryAcquire(1) {
		return nil, notTried("too many steps at once")
	}
	return func() { a.LocalRoom.Release(1) }, nil
}

// begin makes a step's context: with its urgency for Kustomer's budget, and
// with signs of life for as long as the step is under way.
func begin(ctx context.Context) (_ context.Context, end func()) {
	if !activity.IsActivity(ctx) { // the check before the first call carries steps out by themselves
		return ctx, func() {}
	}
	info := activity.GetInfo(ctx)
	urgency := urgencyOf(info.Priority.PriorityKey, time.Since(info.ScheduledTime))
	p := &pulse{last: time.Now().Round(0), limit: HeartbeatTimeout}
	if info.IsLocalActivity {
		p.limit = LocalTimeout
	}
	alive := time.NewTicker(heartbeats)
	ended := make(chan struct{})
	go func() {
		for {
			select {
			case <-alive.C:
				if p.beat() {
					activity.RecordHeartbeat(ctx)
				}
			case <-ended:
				return
			}
		}
	}()
	return context.WithValue(kustomer.WithUrgency(ctx, urgency), pulseKey{}, p), func() {
		alive.Stop()
		close(ended)
	}
}

type pulseKey struct{}

// pulse knows whether a step was frozen, with its machine or process, for so
// long that it counts as dead and another has taken it up. By the clock on the
// wall: the other one stands still while a machine does.
type pulse struct {
	mu     sync.Mutex
	last   time.Time
	limit  time.Duration // of a step's silence
	frozen bool
}

func (p *pulse) beat() (alive bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	now := time.Now().Round(0)
	p.frozen = p.frozen || now.Sub(p.last) >= p.limit
	p.last = now
	return !p.frozen
}

// wasFrozen reports whether another attempt may be under way beside this one.
func wasFrozen(ctx context.Context) bool {
	p, ok := ctx.Value(pulseKey{}).(*pulse)
	return ok && !p.beat()
}

// urgencyOf is how urgent a step is that was asked for so long ago.
func urgencyOf(priority int, age time.Duration) kustomer.Urgency {
	switch {
	case priority >= PriorityCatchUp || age > overdue:
		return kustomer.Later
	case priority >= PriorityOutcome:
		return kustomer.Soon
	}
	return kustomer.Now
}

// repeated reports whether an earlier attempt of this step may have written
// something already. Only then is a look-up worth a request of the budget
// that the whole Kustomer org shares. A step that an operator has reset counts
// from one again, but has its heartbeats.
func repeated(ctx context.Context) bool {
	return tries(ctx) > 1 || activity.IsActivity(ctx) && activity.HasHeartbeatDetails(ctx)
}

// lastTry is what an attempt tells the next one by its last heartbeat: that there was
// one, which may have written something, and how often in a row it met one problem. An
// attempt that an operator has reset counts from one again, but has the heartbeat.
type lastTry struct {
	Problem problem `json:"problem,omitempty"`
	Times   int     `json:"times,omitempty"`
}

// problem is one that is only believed when it has been met several times in a row.
type problem string

const (
	conflicts problem = "conflict"
	missing   problem = "missing"
)

func rememberTry(ctx context.Context, of problem) {
	if activity.IsActivity(ctx) && !isLocal(ctx) {
		activity.RecordHeartbeat(ctx, lastTry{of, met(ctx, of)})
	}
}

// met is how many attempts in a row have met a problem, with this one.
func met(ctx context.Context, of problem) int {
	var last lastTry
	if activity.IsActivity(ctx) && activity.HasHeartbeatDetails(ctx) {
		_ = activity.GetHeartbeatDetails(ctx, &last) // this one is the first, if it cannot be read
	}
	if last.Problem != of {
		return 1
	}
	return last.Times + 1
}

// tries counts the tries of this step, from 1.
func tries(ctx context.Context) int32 {
	if !activity.IsActivity(ctx) {
		return 1
	}
	return activity.GetInfo(ctx).Attempt
}
