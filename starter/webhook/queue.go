package webhook

import (
	"context"
	"time"

	"golang.org/x/sync/semaphore"
	"golang.org/x/time/rate"
)

const (
	// maxQueued limits the memory of waiting webhooks, in bytes. At the default rate it holds more
	// webhooks than can be accepted before their senders time out.
	maxQueued = 32 << 20
	// requestOverhead is about the memory of net/http for a request without its body, in bytes.
	requestOverhead = 12 << 10
)

// queue limits the rate of webhooks. Webhooks above the rate wait, in order of arrival.
type queue struct {
	limiter *rate.Limiter
	memory  *semaphore.Weighted
}

// newQueue returns a queue with a rate in webhooks a second; 0 is no limit.
func newQueue(perSecond float64) queue {
	q := queue{rate.NewLimiter(rate.Inf, 0), semaphore.NewWeighted(maxQueued)}
	if perSecond > 0 {
		q.limiter = rate.NewLimiter(rate.Limit(perSecond), int(2*perSecond)+1)
	}
	return q
}

// wait waits until a webhook of this size may pass. It returns false at once if that would be after
// the deadline, or if waiting webhooks take too much memory. It goes on waiting if the sender
// disconnects, because the event was received.
func (q queue) wait(ctx context.Context, size int, until time.Time) bool {
	if q.limiter.Allow() {
		return true
	}
	memory := int64(size + requestOverhead)
	if !q.memory.TryAcquire(memory) {
		return false
	}
	defer q.memory.Release(memory)
	ctx, cancel := context.WithDeadline(context.WithoutCancel(ctx), until)
	defer cancel()
	return q.limiter.Wait(ctx) == nil
}
