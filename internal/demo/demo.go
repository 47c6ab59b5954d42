// Package demo shows the whole product at work on one machine: a real
// Temporal server, the Kustomer sandbox (or the real Kustomer), the worker, the
// webhook receiver, and simulated babelforce calls, each checked in the end.
package demo

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"sync"
	"time"

	"github.com/callthread/callthread/babelforce"
	"github.com/callthread/callthread/kustomer"
	"github.com/callthread/callthread/kustomer/sandbox"
	"github.com/callthread/callthread/workflows"
)

// Options say what to play.
type Options struct {
	Calls  int     // how many calls; 0 plays until the context ends
	Rate   float64 // calls a second
	Faults bool    // let some of Kustomer's answers go wrong
	Seed   int64   // of the calls and the faults
	// Kustomer is the real one to write to; nil writes to the sandbox.
	Kustomer *kustomer.Client
	Out      io.Writer
	Log      *slog.Logger
}

const (
	// settle is short, because nothing here takes seconds to be overtaken and somebody is watching.
	settle = 2 * time.Second
	// callTimeout is how long a call's workflow may take to end once its last event was sent.
	callTimeout = 5 * time.Minute
)

// Run plays calls, shows what happens to each, and fails if any was lost, doubled or wrong.
func Run(ctx context.Context, options Options) error {
	stage, err := SetStage(ctx, StageOptions{
		Kustomer: options.Kustomer, Patience: workflows.Patience{Settle: settle},
		Seed: options.Seed, Progress: options.Out, Log: options.Log,
	})
	if err != nil {
		return err
	}
	defer stage.Close()
	agents, err := stage.agents(ctx)
	if err != nil {
		return err
	}
	simulator, err := babelforce.NewSimulator(options.Seed, agents, nil)
	if err != nil {
		return err
	}
	if options.Faults && stage.Sandbox != nil {
		injectFaults(stage.Sandbox)
	}
	introduce(options.Out, stage)

	board := newBoard(options.Out)
	go board.follow(ctx, stage.Temporal)
	stories := play(ctx, stage, simulator, options, board)
	board.close()

	if stage.Sandbox != nil {
		stage.Sandbox.ClearFaults()
	}
	// The calls have ended, or the watcher has: either way what was completed is checked.
	report := check(context.WithoutCancel(ctx), stage, stories)
	fmt.Fprintln(options.Out, report)
	switch unfinished := options.Calls - len(stories); {
	case !report.right():
		return errors.New("some calls are not as they must be")
	case unfinished > 0:
		return fmt.Errorf("stopped with %d of %d calls not played to their end", unfinished, options.Calls)
	}
	return nil
}

// agents are the babelforce agents who answer, each a user of the Kustomer at hand.
func (s *Stage) agents(ctx context.Context) ([]babelforce.Agent, error) {
	users, err := s.Kustomer.Users(ctx)
	if err != nil {
		return nil, err
	}
	var agents []babelforce.Agent
	for _, user := range users {
		if user.Type == "user" && len(agents) < 8 {
			agents = append(agents, babelforce.Agent{
				ID: fmt.Sprintf("%032x", 4711+len(agents)), Name: user.Name, Email: user.Email, SourceID: user.ID, Source: "kustomer",
			})
		}
	}
	return agents, nil
}

// injectFaults disturbs about one request in six, in the ways that hurt most.
func injectFaults(kustomer *sandbox.Server) {
	for _, fault := range []sandbox.Fault{
		{Method: "POST", Kind: sandbox.FaultLoseAnswer, Probability: 0.10},
		{Method: "POST", Kind: sandbox.FaultLoseAnswer5xx, Probability: 0.05},
		{Kind: sandbox.FaultReset, Probability: 0.03},
		{Kind: sandbox.FaultHTML, Probability: 0.02},
		{Kind: sandbox.FaultLatency, Latency: 300 * time.Millisecond, Probability: 0.10},
	} {
		kustomer.Inject(fault)
	}
}

func introduce(out io.Writer, stage *Stage) {
	fmt.Fprintf(out, "Temporal Web UI   %s/namespaces/default/workflows   (server at %s)\n", stage.UI, stage.TemporalAddress)
	if stage.Sandbox != nil {
		fmt.Fprintf(out, "Kustomer sandbox  %s\n", stage.KustomerURL)
	}
	fmt.Fprintf(out, "Webhooks          %s/{call-inbound,call-bridged,call-finished}   (Authorization: Bearer %s)\n\n", stage.WebhookURL, Secret)
}

// play starts calls at the given rate and returns the stories of those that
// were played to their end, after the last workflow has ended.
func play(ctx context.Context, stage *Stage, simulator *babelforce.Simulator, options Options, board *board) []babelforce.Story {
	player := &babelforce.Player{URL: stage.WebhookURL, Secret: Secret}
	var (
		running sync.WaitGroup
		mu      sync.Mutex
		played  []babelforce.Story
	)
	pace := time.NewTicker(time.Duration(float64(time.Second) / options.Rate))
	defer pace.Stop()
	for n := 0; ctx.Err() == nil && (options.Calls == 0 || n < options.Calls); n++ {
		if n > 0 {
			select {
			case <-pace.C:
			case <-ctx.Done():
				continue
			}
		}
		story := simulator.Next(time.Now())
		running.Go(func() {
			board.start(story)
			state, err := playOne(ctx, stage, player, story)
			if ctx.Err() != nil {
				return
			}
			board.end(story, state, err)
			mu.Lock()
			defer mu.Unlock()
			played = append(played, story)
		})
	}
	running.Wait()
	return played
}

// playOne plays one call and waits for its workflow to end.
func playOne(ctx context.Context, stage *Stage, player *babelforce.Player, story babelforce.Story) (state workflows.State, err error) {
	if _, err := player.Play(ctx, story, 1); err != nil {
		return state, err
	}
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	err = stage.Temporal.GetWorkflow(ctx, workflows.WorkflowID(story.Key), "").Get(ctx, &state)
	return state, err
}
