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
	// callTimeout is how long the workflows may take to end once the last call was
	// played, besides the wrap-up time.
	callTimeout = 10 * time.Minute
	// parkedRounds is how often it is looked whether only parked calls are left.
	parkedRounds = 2 * time.Second
)

// errParked ends the wait for calls that wait for an operator.
var errParked = errors.New("only parked calls are left")

// played is a call, and why it could not be played to its end or did not come to it.
type played struct {
	simulator.Story
	err error
}

// calls are those that were begun. Those that have ended are judged.
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

// end returns how many have ended by now.
func (c *calls) end(one played) int {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.open, one.Key)
	c.ended = append(c.ended, one)
	return len(c.ended)
}

// left are the keys of calls that have not ended.
func (c *calls) left() (keys []string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for key := range c.open {
		keys = append(keys, key)
	}
	return keys
}

// play starts calls at the given rate, and returns when all have ended, when only
// parked ones are left, or when the context ends. It fails where the stage does.
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
		s.storm.pass(ctx, halfEnded) // its operator decides on parked calls
	} else {
		go s.untilParked(waiting, giveUp)
	}
	running.Wait()
	return failure(ctx)
}

// untilParked gives up when only parked calls are left, which nobody decides on here.
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

// playOne plays one call, says so, and waits for its workflow to end.
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

// nextStory invents a call, which may come shuffled in a storm, or not wholly.
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
