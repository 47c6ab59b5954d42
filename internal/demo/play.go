package demo

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/callthread/callthread/babelforce/simulator"
	"github.com/callthread/callthread/workflows"
)

const (
	// callTimeout is how long the workflows may take to end after the last call was played, in
	// addition to the wrap-up time.
	callTimeout = 10 * time.Minute
	// parkedRounds is the interval of checks whether only parked calls are left.
	parkedRounds = 2 * time.Second
)

// errParked ends the wait when all open calls wait for an operator.
var errParked = errors.New("only parked calls are left")

// played is a call, and the error that kept it from being played or from ending.
type played struct {
	simulator.Story
	err error
}

// calls tracks the calls that were begun. Calls that have ended are judged.
type calls struct {
	mu    sync.Mutex
	ended []played
	open  map[string]bool // keys
}

func (c *calls) begin(key string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.open == nil {
		c.open = make(map[string]bool)
	}
	c.open[key] = true
}

// end records a call's end and returns how many have ended.
func (c *calls) end(one played) int {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.open, one.Key)
	c.ended = append(c.ended, one)
	return len(c.ended)
}

// left returns the keys of the calls that have not ended.
func (c *calls) left() (keys []string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for key := range c.open {
		keys = append(keys, key)
	}
	return keys
}

// play starts calls at the given rate. It returns when all have ended, when only parked ones
// are left, when the context ends, or with an error when the stage fails.
func (s *show) play(ctx context.Context) error {
	waiting, giveUp := context.WithCancelCause(ctx)
	defer giveUp(nil)
	var playing, running sync.WaitGroup
	halfEnded := make(chan struct{})
	pace := time.NewTicker(time.Duration(float64(time.Second) / s.Rate))
	defer pace.Stop()
	for n := 0; ctx.Err() == nil && (s.Calls == 0 || n < s.Calls); n++ {
		if n > 0 {
			select {
			case <-pace.C:
			case <-ctx.Done():
				continue
			}
		}
		story, err := s.nextStory()
		if err != nil {
			return err
		}
		playing.Add(1)
		running.Go(func() {
			s.calls.begin(story.Key)
			s.board.start(story)
			state, err := s.playOne(waiting, story, playing.Done)
			if ctx.Err() != nil || errors.Is(context.Cause(waiting), errParked) {
				return // it has not ended
			}
			s.board.end(story, state, err)
			if s.calls.end(played{story, err}) == (s.Calls+1)/2 {
				close(halfEnded)
			}
		})
	}
	playing.Wait()
	defer time.AfterFunc(callTimeout+s.set.WrapUpTime, func() { giveUp(nil) }).Stop()
	if s.storm != nil {
		s.storm.pass(ctx, halfEnded) // the storm's operator decides on parked calls
	} else {
		go s.untilParked(waiting, giveUp)
	}
	running.Wait()
	return failure(ctx)
}

// untilParked stops waiting when only parked calls are left, because no operator decides on them
// here.
func (s *show) untilParked(ctx context.Context, giveUp context.CancelCauseFunc) {
	tick := time.NewTicker(parkedRounds)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		if parked, err := s.parked(ctx); err == nil && areAllIn(s.calls.left(), parked) {
			giveUp(errParked)
			return
		}
	}
}

// playOne plays one call, calls isPlayed, and waits for the workflow to end.
func (s *show) playOne(ctx context.Context, story simulator.Story, isPlayed func()) (workflows.State, error) {
	player := &simulator.Player{URL: s.stage.WebhookURL, Secret: Secret}
	_, err := player.Play(ctx, story, 1)
	isPlayed()
	if lossy := s.losses.of(story.Key); err == nil && lossy != nil {
		err = lossy.await(ctx)
	}
	if err != nil {
		return workflows.State{}, err
	}
	return await(ctx, s.stage.Temporal, story.Key)
}

// nextStory invents a call. Its events may be shuffled in a storm, or incomplete.
func (s *show) nextStory() (simulator.Story, error) {
	story := s.simulator.Next(time.Now())
	if s.storm != nil {
		story = s.simulator.Shuffle(story)
	}
	if s.losses != nil {
		return s.losses.lose(s.simulator, story)
	}
	return story, nil
}
