package activities

import (
	"context"
	"sync"
	"time"

	"go.temporal.io/sdk/activity"

	"github.com/callthread/callthread/kustomer"
)

// HeartbeatTimeout is how long a step may run without a heartbeat. Then Temporal considers
// its worker dead, and another worker runs the step while the phone still rings.
const HeartbeatTimeout = 10 * time.Second

// heartbeats is the interval of heartbeats. The usual step ends before the first one.
const heartbeats = 3 * time.Second

// LocalTimeout limits a step that runs within the workflow task, as a local activity. The
// step must end before Temporal considers its worker dead (10 s) and before the SDK asks
// for more time (8 s). Only the length of the history shows the next worker that the step
// may have been tried.
const LocalTimeout = 5 * time.Second

// isLocal reports whether a step runs as a local activity. Temporal does not record the
// attempt until it has ended. If the worker dies, Temporal runs it again as the first
// attempt.
func isLocal(ctx context.Context) bool {
	return activity.IsActivity(ctx) && activity.GetInfo(ctx).IsLocalActivity
}

// enter acquires a slot for a local activity. If no slot is free, the step must not wait in
// the workflow task: it becomes a regular activity, which waits in Temporal by priority.
func (a *Activities) enter(ctx context.Context) (leave func(), err error) {
	if !isLocal(ctx) || a.LocalSlots == nil {
		return func() {}, nil
	}
	if !a.LocalSlots.TryAcquire(1) {
		return nil, notTried("too many steps at once")
	}
	return func() { a.LocalSlots.Release(1) }, nil
}

// begin returns the context of a step, which carries the urgency of its requests. It sends
// heartbeats until end is called.
func begin(ctx context.Context) (_ context.Context, end func()) {
	if !activity.IsActivity(ctx) { // `starter check` runs steps without Temporal
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
	earlier := lastTryOf(ctx)
	go func() {
		for {
			select {
			case <-alive.C:
				if p.beat() {
					activity.RecordHeartbeat(ctx, earlier) // without details, it would delete the earlier ones
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

// pulse detects that a step was suspended with its machine or process for so long that
// Temporal may have started another attempt. It compares wall-clock times, because the
// monotonic clock stops while a machine is suspended.
type pulse struct {
	mu     sync.Mutex
	last   time.Time
	limit  time.Duration // the longest time without a beat
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

// wasFrozen reports whether another attempt of the step may be running at the same time.
func wasFrozen(ctx context.Context) bool {
	p, ok := ctx.Value(pulseKey{}).(*pulse)
	return ok && !p.beat()
}

// repeated reports whether an earlier attempt of this step may have written something. Only
// then is a look-up worth a request of the budget that the whole Kustomer org shares. If an
// operator has reset the activity, attempts count from 1 again, but the heartbeat details
// remain.
func repeated(ctx context.Context) bool {
	return tries(ctx) > 1 || activity.IsActivity(ctx) && activity.HasHeartbeatDetails(ctx)
}

// lastTry is the heartbeat detail that an attempt leaves to the next one. It says that
// there was an attempt, which may have written something, and how many attempts in a row
// met the same problem. It remains when an operator resets the activity.
type lastTry struct {
	Problem problem `json:"problem,omitempty"`
	Times   int     `json:"times,omitempty"`
}

// problem is a failure that counts only if several attempts in a row meet it.
type problem string

const (
	conflicts problem = "conflict" // Kustomer answered 409, or 404 to anything but a look at the conversation
	missing   problem = "missing"  // the conversation cannot be found
)

func rememberTry(ctx context.Context, of problem) {
	if activity.IsActivity(ctx) && !isLocal(ctx) {
		activity.RecordHeartbeat(ctx, lastTry{of, met(ctx, of)})
	}
}

// met returns how many attempts in a row, including this one, met the problem.
func met(ctx context.Context, of problem) int {
	last := lastTryOf(ctx)
	if last.Problem != of {
		return 1
	}
	return last.Times + 1
}

// lastTryOf returns the heartbeat detail of the attempt before this one, zero if there is
// none.
func lastTryOf(ctx context.Context) (last lastTry) {
	if activity.IsActivity(ctx) && activity.HasHeartbeatDetails(ctx) {
		_ = activity.GetHeartbeatDetails(ctx, &last) // if they cannot be read, this attempt counts as the first
	}
	return last
}

// tries returns the number of the attempt, starting at 1.
func tries(ctx context.Context) int32 {
	if !activity.IsActivity(ctx) {
		return 1
	}
	return activity.GetInfo(ctx).Attempt
}
