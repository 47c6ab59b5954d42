package kustomer

import (
	"context"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

func TestRingIsNotDelayedByWaitingNotes(t *testing.T) {
	for _, waiting := range []Urgency{Soon, Later} {
		synctest.Test(t, func(t *testing.T) {
			c := newOrg(1000).client(t, 60) // one a second
			ctx, hangUp := context.WithCancel(t.Context())
			var notes sync.WaitGroup
			for range 200 {
				notes.Go(func() { _ = write(ctx, c, waiting) })
			}
			for range 20 {
				<-time.After(7 * time.Second)
				rang := time.Now()
				require.NoError(t, write(t.Context(), c, Now))
				require.LessOrEqual(t, time.Since(rang), 1200*time.Millisecond, "at most one turn and the answer")
			}
			hangUp()
			notes.Wait()
		})
	}
}

func TestLessUrgentRequestsUsePartOfTheRate(t *testing.T) {
	for urgency, inAMinute := range map[Urgency]int{Now: 600, Soon: 450, Later: 300, Later + 7: 300, Now - 7: 600} {
		synctest.Test(t, func(t *testing.T) {
			o := newOrg(10_000)
			o.answers(200, "", "") // no limit but our own rate
			c := o.client(t, 600)
			ctx := during(t, time.Minute)
			var all sync.WaitGroup
			for range 8 {
				all.Go(func() {
					for write(ctx, c, urgency) == nil {
					}
				})
			}
			all.Wait()
			require.InDelta(t, inAMinute, o.sent(), 10)
		})
	}
}

func TestAllRequestsKeepToTheRate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := newOrg(10_000)
		o.answers(200, "", "")
		c := o.client(t, 600)
		ctx := during(t, time.Minute)
		var all sync.WaitGroup
		for _, urgency := range []Urgency{Now, Soon, Later} {
			for range 8 {
				all.Go(func() {
					for write(ctx, c, urgency) == nil {
					}
				})
			}
		}
		all.Wait()
		require.InDelta(t, 600, o.sent(), 10)
	})
}

func TestShortageHoldsLessUrgentRequests(t *testing.T) {
	for remaining, held := range map[string]map[Urgency]string{
		"601":  {},
		"600":  {Later: keptBack}, // half of our share, plus the 200 of others
		"401":  {Later: keptBack},
		"400":  {Later: keptBack, Soon: keptBack},
		"201":  {Later: keptBack, Soon: keptBack},
		"200":  {Later: usedUp, Soon: usedUp, Now: usedUp},
		"0":    {Later: usedUp, Soon: usedUp, Now: usedUp},
		"":     {}, // absent
		"many": {},
	} {
		synctest.Test(t, func(t *testing.T) {
			o := newOrg(1000)
			o.answers(200, remaining, "")
			c := o.client(t, 800)
			for _, urgency := range []Urgency{Later, Soon, Now} {
				c.budget.org = hold{}
				require.NoError(t, write(t.Context(), c, Now))
				if text := held[urgency]; text != "" {
					requireHeld(t, o, c, urgency, RateLimited, time.Now().Add(probeEvery), text)
				} else {
					require.NoError(t, write(t.Context(), c, urgency), "%v %v", remaining, urgency)
				}
			}
		})
	}
}

func TestShareIsAtMostTheOrgsLimit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := newOrg(300)
		c := o.client(t, 800)
		o.answers(200, "151", "")
		require.NoError(t, write(t.Context(), c, Later))
		require.NoError(t, write(t.Context(), c, Later), "more than half of what there is")
		o.answers(200, "150", "")
		require.NoError(t, write(t.Context(), c, Later))
		requireHeld(t, o, c, Later, RateLimited, time.Now().Add(probeEvery), keptBack)
	})
}

func TestWithoutARateOnlyAnEmptyBudgetHolds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := newOrg(20)
		c := o.client(t, 0)
		for range 20 {
			require.NoError(t, write(t.Context(), c, Later))
		}
		requireHeld(t, o, c, Now, RateLimited, time.Now().Add(probeEvery), usedUp)
	})
}

// worker runs steps concurrently. It repeats a failed request at the error's RetryAt.
func worker(ctx context.Context, c *Client, steps int, all *sync.WaitGroup) {
	for i := range steps {
		all.Go(func() {
			for ctx.Err() == nil {
				err := write(ctx, c, Urgency(i%3))
				if e, ok := err.(*Error); ok && e.Kind == RateLimited {
					select {
					case <-time.After(time.Until(e.RetryAt) + time.Second):
					case <-ctx.Done():
					}
				}
			}
		})
	}
}

func TestWorkersTogetherKeepToTheirShare(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := newOrg(1000)
		ctx := during(t, 5*time.Minute)
		var all sync.WaitGroup
		for range 2 {
			worker(ctx, o.client(t, 800), 16, &all)
		}
		all.Go(func() { // another system, which ignores the limit
			others := o.client(t, 0)
			require.NoError(t, others.SetAPIKey("others"))
			for ctx.Err() == nil {
				others.budget = newBudget(0)
				_ = write(ctx, others, Now)
				<-time.After(200 * time.Millisecond) // about 200 a minute
			}
		})
		all.Wait()
		require.Len(t, o.before, 4)
		for _, used := range o.before {
			require.Less(t, used[apiKey], 810)
			require.Greater(t, used[apiKey], 500, "the share is used")
			require.InDelta(t, 200, used["others"], 5)
		}
		require.Empty(t, o.refused)
	})
}
