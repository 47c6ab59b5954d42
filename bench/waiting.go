package main

import (
	"context"
	"fmt"
	"time"

	"golang.org/x/sync/errgroup"
)

const (
	// quiet lets the worker become idle before its memory is read.
	quiet = 5 * time.Second
	// senders is the number of webhooks that are sent at the same time.
	senders = 64
)

// wait starts calls that no agent answers, and reads the worker's memory while all of them wait.
// Then it kills the worker, starts another, and has agents answer some of the calls at the same
// time.
func (s *stage) wait(ctx context.Context, folder string, into figures) error {
	before := memory(s.programs[0].PID())
	calls, err := s.newCalls(ctx, s.waiting)
	if err != nil {
		return err
	}
	err = atOnce(ctx, calls, func(ctx context.Context, c *call) error {
		if err := s.ring(ctx, c, time.Now()); err != nil {
			return err
		}
		return await(ctx, c.opened, c.id, "opened")
	})
	if err != nil {
		return fmt.Errorf("%s: let calls wait: %w", s.name, err)
	}
	sleepUntil(ctx, time.Now().Add(quiet))
	now := memory(s.programs[0].PID())
	into["waiting.worker_mib"] = float64(now) / (1 << 20)
	into["waiting.kib_per_call"] = float64(now-before) / (1 << 10) / float64(s.waiting)
	into["waiting.temporal_mib"] = float64(memory(s.temporal.pids...)) / (1 << 20)
	if s.takeover == 0 {
		return nil
	}
	return s.takeOver(ctx, folder, calls[:min(s.takeover, s.waiting)], into)
}

func (s *stage) takeOver(ctx context.Context, folder string, calls []*call, into figures) error {
	killed := time.Now()
	s.programs[0].Kill()
	if err := s.run(0, folder); err != nil {
		return err
	}
	if err := s.awaitReceiver(ctx); err != nil {
		return err
	}
	err := atOnce(ctx, calls, func(ctx context.Context, c *call) error { return s.answer(ctx, c, killed) })
	if err != nil {
		return fmt.Errorf("%s: the new worker did not take over the calls: %w", s.name, err)
	}
	took := make([]time.Duration, len(calls))
	for i, c := range calls {
		took[i] = c.updatedAt.Sub(killed)
	}
	into["takeover.first_s"], into["takeover.p50_s"], into["takeover.all_s"] = percentile(took, 0).Seconds(), percentile(took, 0.5).Seconds(), percentile(took, 1).Seconds()
	return nil
}

// atOnce runs do for many calls. A call that waits does not delay the webhooks of others.
func atOnce(ctx context.Context, calls []*call, do func(context.Context, *call) error) error {
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(senders)
	for _, c := range calls {
		group.Go(func() error { return do(ctx, c) })
	}
	return group.Wait()
}
