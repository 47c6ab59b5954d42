// Package demo shows the whole product at work on one machine: a real
// Temporal server, the Kustomer sandbox (or the real Kustomer), the worker, the
// webhook receiver, and simulated babelforce calls, each checked in the end.
package demo

import (
	"cmp"
	"context"
	_ "embed"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"slices"
	"sync"
	"time"

	"github.com/callthread/callthread/automation"
	"github.com/callthread/callthread/babelforce"
	"github.com/callthread/callthread/babelforce/simulator"
	"github.com/callthread/callthread/call"
	"github.com/callthread/callthread/internal/codec"
	"github.com/callthread/callthread/kustomer"
	"github.com/callthread/callthread/workflows"
)

// Options say what to play.
type Options struct {
	Calls  int     // how many calls; 0 plays until the context ends
	Rate   float64 // calls a second
	Faults *Faults // what goes wrong meanwhile, on the sandbox only; nil lets nothing go wrong
	// NewReceiver makes the receiver that runs in this process, where no Programs are given.
	NewReceiver func(ReceiverOptions) (http.Handler, error)
	// Programs run receivers and workers as processes of their own, without which nothing can be killed;
	// nil runs one of each in this process.
	Programs *Programs
	// Existing is a Temporal that runs already; nil starts one. See [StageOptions].
	Existing *Existing
	Ports    Ports
	// Encrypt has what Temporal stores encrypted, with a key that nobody has afterwards.
	Encrypt bool
	Seed    int64 // of the calls and the faults
	// Kustomer is the real one to write to; nil writes to the sandbox.
	Kustomer *kustomer.Client
	Out      io.Writer
	Log      *slog.Logger
}

const (
	// settle is short, because nothing here takes seconds to be overtaken and somebody is watching.
	settle = 2 * time.Second
	// recording is how long after that a call's recording is waited for.
	recording = 3 * time.Second
	// callTimeout is how long the workflows may take to end once the last call was played.
	callTimeout = 10 * time.Minute
)

// automations are what the demo writes to the sandbox: the built-in ones and, so
// that all can be seen, what those leave to a file of one's own.
var automations = slices.Concat(automation.DefaultFile, moreAutomations)

//go:embed automations.yaml
var moreAutomations []byte

// show is one run of the demo.
type show struct {
	Options
	stage     *Stage
	simulator *simulator.Simulator
	board     *board
	storm     *storm // nil where nothing goes wrong
}

// Run plays calls, shows what happens to each, and fails if any was lost, doubled or wrong.
func Run(ctx context.Context, options Options) (Report, error) {
	set, err := options.stage()
	if err != nil {
		return Report{}, err
	}
	stage, err := SetStage(ctx, set)
	if err != nil {
		return Report{}, err
	}
	defer stage.Close()
	ctx, stop := stage.untilFailure(ctx)
	defer stop()
	agents, err := stage.agents(ctx)
	if err != nil {
		return Report{}, cmp.Or(failure(ctx), err)
	}
	deck, err := simulator.New(options.Seed, agents, nil)
	if err != nil {
		return Report{}, err
	}
	deck.Plain = stage.Sandbox == nil
	introduce(options.Out, stage, options.Seed)

	s := &show{Options: options, stage: stage, simulator: deck, board: newBoard(options.Out)}
	go s.board.follow(ctx, stage.Temporal)
	if options.Faults != nil {
		s.storm = newStorm(stage, options, s.board.say)
		s.storm.begin(ctx)
	}
	calls, err := s.play(ctx)
	s.board.close()
	// The calls have ended, or the watcher has: either way what was completed is checked.
	report := s.check(context.WithoutCancel(ctx), calls)
	fmt.Fprintln(options.Out, report)
	switch unfinished := options.Calls - len(calls); {
	case err != nil:
		return report, err
	case !report.right():
		return report, errors.New("some calls are not as they must be")
	case unfinished > 0:
		return report, fmt.Errorf("stopped with %d of %d calls not played to their end", unfinished, options.Calls)
	}
	return report, nil
}

// stage is what the options need. In a storm, what Temporal stores is encrypted
// in any case: so it is to be in earnest, and so it is tried here.
func (o Options) stage() (set StageOptions, err error) {
	set = StageOptions{
		Kustomer: o.Kustomer, Limits: call.Limits{Settle: settle, Recording: recording}, Seed: o.Seed, Progress: o.Out, Log: o.Log,
		NewReceiver: o.NewReceiver, Programs: o.Programs, Existing: o.Existing, Ports: o.Ports,
	}
	if o.Encrypt || o.Faults != nil {
		set.Keys, err = codec.NewKey("demo")
	}
	if o.Kustomer == nil {
		set.Automations = automations
	}
	if o.Faults != nil {
		set.Budget = stormBudget
		set.Limits = call.Limits{Settle: stormSettle, Recording: stormRecording}
	}
	return set, err
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

func introduce(out io.Writer, stage *Stage, seed int64) {
	if stage.UI != "" {
		fmt.Fprintf(out, "Temporal Web UI   %s/namespaces/default/workflows   (server at %s)\n", stage.UI, stage.TemporalAddress)
	} else {
		fmt.Fprintf(out, "Temporal          %s, as TEMPORAL_ADDRESS says   (namespace %s, task queue %s; seed %d, whose calls it takes once)\n", stage.TemporalAddress, stage.Namespace, stage.TaskQueue, seed)
	}
	if stage.CodecURL != "" {
		fmt.Fprintf(out, "Codec server      %s   (Temporal has all of a call encrypted; the Web UI shows it through this)\n", stage.CodecURL)
	}
	if stage.Sandbox != nil {
		fmt.Fprintf(out, "Kustomer sandbox  %s\n", stage.KustomerURL)
	}
	fmt.Fprintf(out, "Webhooks          %s/{call-inbound,call-outbound,call-bridged,call-finished,recording-finished}   (Authorization: Bearer %s)\n\n", stage.WebhookURL, Secret)
}

// played is a call, and why it could not be played to its end or did not come to it.
type played struct {
	simulator.Story
	err error
}

// play starts calls at the given rate and returns those that have ended. It
// fails where the stage does.
func (s *show) play(ctx context.Context) ([]played, error) {
	waiting, giveUp := context.WithCancel(ctx)
	defer giveUp()
	var (
		playing, running sync.WaitGroup
		mu               sync.Mutex
		calls            []played
		halfEnded        = make(chan struct{})
	)
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
		story := s.nextStory()
		playing.Add(1)
		running.Go(func() {
			s.board.start(story)
			state, err := s.playOne(waiting, story, playing.Done)
			if ctx.Err() != nil {
				return
			}
			s.board.end(story, state, err)
			mu.Lock()
			defer mu.Unlock()
			calls = append(calls, played{story, err})
			if len(calls) == (s.Calls+1)/2 {
				close(halfEnded)
			}
		})
	}
	playing.Wait()
	defer time.AfterFunc(callTimeout, giveUp).Stop()
	if s.storm != nil {
		s.storm.pass(ctx, halfEnded)
	}
	running.Wait()
	return calls, failure(ctx)
}

// playOne plays one call, says so, and waits for its workflow to end.
func (s *show) playOne(ctx context.Context, story simulator.Story, isPlayed func()) (workflows.State, error) {
	player := &simulator.Player{URL: s.stage.WebhookURL, Secret: Secret}
	_, err := player.Play(ctx, story, 1)
	isPlayed()
	if err != nil {
		return workflows.State{}, err
	}
	return await(ctx, s.stage.Temporal, story.Key)
}

// nextStory invents a call, which may come shuffled in a storm.
func (s *show) nextStory() simulator.Story {
	story := s.simulator.Next(time.Now())
	if s.storm != nil {
		story = s.simulator.Shuffle(story)
	}
	return story
}
