package main

import (
	"context"
	"fmt"
	"time"

	"go.temporal.io/api/workflowservice/v1"
	"golang.org/x/sync/errgroup"

	"github.com/callthread/callthread/babelforce"
	"github.com/callthread/callthread/babelforce/simulator"
	"github.com/callthread/callthread/kustomer"
)

// call is one call that is played.
type call struct {
	id, number string
	known      bool // Kustomer has a customer with the number
	*seen

	rang, bridged           time.Time     // when these webhooks were due
	ringTook                time.Duration // from when the webhook was due until it was acknowledged
	bridgeTook              time.Duration
	untilOpen, untilUpdated time.Duration // ring → conversation, bridge → update
}

// newCalls prepares calls. Every second one comes from a customer in Kustomer.
func (s *stage) newCalls(ctx context.Context, n int) ([]*call, error) {
	calls := make([]*call, n)
	for i := range calls {
		s.calls++
		c := &call{id: fmt.Sprintf("bench-%06d", s.calls), number: fmt.Sprintf("+493023125%06d", s.calls), known: s.calls%2 == 0}
		if c.known {
			// The customer is created first, so that the request is not counted as one of the
			// call's.
			if _, err := s.customers.CreateCustomer(ctx, kustomer.NewCustomer{Phones: []kustomer.Phone{{Phone: c.number}}}); err != nil {
				return nil, err
			}
		}
		c.seen = s.witness.expect(c.id, c.number)
		calls[i] = c
	}
	return calls, nil
}

// closedLoop plays calls, with a fixed number at the same time. Each call is answered when its
// conversation exists. Its update completes it, and then the next call rings. closedLoop returns
// the total time.
func (s *stage) closedLoop(ctx context.Context, calls []*call, atOnce int) (time.Duration, error) {
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(atOnce)
	began := time.Now()
	for _, c := range calls {
		group.Go(func() error {
			if err := s.ring(ctx, c, time.Now()); err != nil {
				return err
			}
			if err := await(ctx, c.opened, c.id, "opened"); err != nil {
				return err
			}
			return s.answer(ctx, c, time.Now())
		})
	}
	err := group.Wait()
	return time.Since(began), err
}

// openLoop starts calls at a rate and has each answered after a while, however long the contestant
// takes. All times start when the webhook was due, so that a contestant that delays the sender is
// charged for the wait.
func (s *stage) openLoop(ctx context.Context, calls []*call, rate float64, ringing time.Duration) error {
	group, ctx := errgroup.WithContext(ctx)
	began := time.Now()
	for i, c := range calls {
		due := began.Add(time.Duration(float64(i) / rate * float64(time.Second)))
		group.Go(func() error {
			sleepUntil(ctx, due)
			if err := s.ring(ctx, c, due); err != nil {
				return err
			}
			sleepUntil(ctx, due.Add(ringing))
			return s.answer(ctx, c, due.Add(ringing))
		})
	}
	return group.Wait()
}

func sleepUntil(ctx context.Context, due time.Time) {
	select {
	case <-ctx.Done():
	case <-time.After(time.Until(due)):
	}
}

func (s *stage) ring(ctx context.Context, c *call, due time.Time) error {
	c.rang = due
	err := s.send(ctx, babelforce.CallInbound, c, "}}")
	c.ringTook = time.Since(due)
	return err
}

// answer has an agent pick up, waits for the update, and ends the call if calls are played to their
// end.
func (s *stage) answer(ctx context.Context, c *call, due time.Time) error {
	c.bridged = due
	err := s.send(ctx, babelforce.CallBridged, c, `,"duration":7},"agent":{"id":"4711","name":"Amira Haddad","sourceId":"5f0c1a2b3c4d5e6f70819210"},"queue":{"name":"Support"}}`)
	if err != nil {
		return err
	}
	c.bridgeTook = time.Since(due)
	if err := await(ctx, c.updated, c.id, "updated"); err != nil {
		return err
	}
	c.untilOpen, c.untilUpdated = c.openedAt.Sub(c.rang), c.updatedAt.Sub(c.bridged)
	if !s.finishes {
		return nil
	}
	return s.send(ctx, babelforce.CallFinished, c, `,"duration":95,"finishReason":"passive-hangup"}}`)
}

// send delivers a webhook as babelforce would.
func (s *stage) send(ctx context.Context, event babelforce.EventName, c *call, rest string) error {
	body := fmt.Sprintf(`{"call":{"id":%q,"type":"inbound","source":"queue","domain":"external","from":%q,"to":"+493023125001"`, c.id, c.number) + rest
	step := simulator.Step{Event: event, ContentType: "application/json", Body: []byte(body)}
	_, err := s.player.Play(ctx, simulator.Story{Key: c.id, Steps: []simulator.Step{step}}, 0)
	return err
}

// rest waits until no call's workflow runs.
func (s *stage) rest(ctx context.Context) error {
	for began := time.Now(); time.Since(began) < limits; {
		running, err := s.temporal.client.CountWorkflow(ctx, &workflowservice.CountWorkflowExecutionsRequest{Query: `ExecutionStatus = "Running"`})
		if err != nil {
			return fmt.Errorf("count the calls that run: %w", err)
		}
		if running.GetCount() == 0 {
			return nil
		}
		sleepUntil(ctx, time.Now().Add(50*time.Millisecond))
	}
	return fmt.Errorf("%s: calls still run after %s", s.name, limits)
}
