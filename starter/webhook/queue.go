package webhook

import (
	"context"
	"time"

	"golang.org/x/sync/semaphore"
	"golang.org/x/time/rate"
)

const (
	// maxQueued is how much memory the webhooks that wait may take, in bytes: at the
	// default rate more can wait than their senders have time for.
	maxQueued = 32 << 20
	// ofOne is about what net/http holds for a request, beside its body.
	ofOne = 12 << 10
)

// queue lets webhooks pass at a rate. A burst waits, in order of arrival.
type queue struct {
	limiter *rate.Limiter
	memory  *semaphore.Weighted
}

// newQueue makes a queue for so many webhooks a second; 0 is no limit.
func newQueue(perSecond float64) queue {
	q := queue{rate.NewLimiter(rate.Inf, 0), semaphore.NewWeighted(maxQueued)}
	if perSecond > 0 {
		q.limiter = rate.NewLimiter(rate.Limit(perSecond), int(2*perSecond)+1)
	}
	return q
}

// wait waits until a webhook may pass. It reports false at once if that would be
// too late, or if too many wait already. The wait goes on if the sender disconnects,
// because the event was received.
func (q queue) wait(ctx context.Context, size int, until time.Time) bool {
	if q.limiter.Allow() {
		return true
	}
	memory := int64(size + ofOne)
	if !q.memory.TryAcquire(memory) {
		return false
	}
	defer q.memory.Release(memory)
	ctx, cancel := context.WithDeadline(context.WithoutCancel(ctx), until)
	defer cancel()
	return q.limiter.Wait(ctx) == nil
}
