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
	"time"

	"github.com/callthread/callthread/automation"
	"github.com/callthread/callthread/automation/load"
	"github.com/callthread/callthread/babelforce"
	"github.com/callthread/callthread/babelforce/simulator"
	"github.com/callthread/callthread/call"
	"github.com/callthread/callthread/internal/codec"
	"github.com/callthread/callthread/internal/trial"
	"github.com/callthread/callthread/kustomer"
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
	// Own is an automations file of the user's own; nil plays with the demo's usual one.
	Own *Own
	// Encrypt has what Temporal stores encrypted, with a key made for this run, which is printed.
	Encrypt bool
	Seed    int64 // of the calls and the faults
	// Lose is the share of webhooks that never arrive, from 0 to 1. What became of their
	// calls is found in babelforce's log.
	Lose float64
	// Kustomer is the real one to write to; nil writes to the sandbox.
	Kustomer *kustomer.Client
	// Starter is how the user calls the starter, for the commands that are printed.
	Starter string
	Out     io.Writer
	Log     *slog.Logger
}

const (
	// settle is short, because nothing here takes seconds to be overtaken and somebody is watching.
	settle = 2 * time.Second
	// recording is how long after that a call's recording is waited for.
	recording = 3 * time.Second
)

// usualAutomations are what the demo writes to the sandbox: the built-in ones and,
// so that all can be seen, what those leave to a file of one's own.
var usualAutomations = slices.Concat(automation.DefaultFile, moreAutomations)

//go:embed automations.yaml
var moreAutomations []byte

// show is one run of the demo.
type show struct {
	Options
	set       *automation.Set
	judge     judge
	renderer  *renderer // nil with the usual automations
	stage     *Stage
	simulator *simulator.Simulator
	board     *board
	storm     *storm  // nil where nothing goes wrong
	losses    *losses // nil where every webhook arrives
	calls     calls
}

// Run plays calls, shows what happens to each, and fails if any was lost, doubled or wrong.
func Run(ctx context.Context, options Options) (Report, error) {
	s, err := newShow(options)
	if err != nil {
		return Report{}, err
	}
	set, err := s.stageOptions()
	if err != nil {
		return Report{}, err
	}
	if s.stage, err = SetStage(ctx, set); err != nil {
		return Report{}, err
	}
	defer s.stage.Close()
	ctx, stop := s.stage.untilFailure(ctx)
	defer stop()
	if err := s.invite(ctx); err != nil {
		return Report{}, cmp.Or(failure(ctx), err)
	}
	s.introduce(set.Keys)
	s.board = newBoard(options.Out)
	go s.board.follow(ctx, s.stage.Temporal)
	if options.Faults != nil {
		s.storm = newStorm(s.stage, options, s.board.say)
		s.storm.begin(ctx)
	}
	if options.Lose > 0 {
		if s.losses, err = newLosses(ctx, s.stage, options.Lose, set.Limits, s.board.found); err != nil {
			return Report{}, err
		}
		defer s.losses.close()
		if s.storm != nil {
			s.losses.suffer(ctx, s.playing(), s.storm.pause, s.storm.played)
		}
		go s.losses.follow(ctx)
	}
	err = s.play(ctx)
	s.board.close()
	// The calls have ended, or the watcher has: either way what was completed is checked.
	report := s.check(context.WithoutCancel(ctx), s.calls.ended)
	fmt.Fprintln(options.Out, report)
	switch unfinished := options.Calls - report.Calls; {
	case err != nil:
		return report, err
	case !report.right():
		return report, errors.New("some calls are not as they must be")
	case unfinished > 0:
		return report, fmt.Errorf("stopped with %d of %d calls not played to their end", unfinished, options.Calls)
	}
	return report, nil
}

// newShow reads the automations, and chooses by what its calls are judged.
func newShow(options Options) (s *show, err error) {
	s = &show{Options: options, judge: judgeUsual}
	if options.Own == nil {
		s.set, _, err = load.Bytes("automations", options.automations())
		return s, err
	}
	if s.set, _, err = load.Bytes(options.Own.Name, options.Own.Content); err != nil {
		return nil, err
	}
	if s.set.Callers.Returning.Append && options.Kustomer != nil {
		return nil, errors.New("a file with \"callers: returning: append\" is for the sandbox only: the demo could not find calls that join earlier conversations")
	}
	if s.renderer, err = newRenderer(options.Own, s.set); err != nil {
		return nil, err
	}
	s.renderer.stormy, s.judge = options.Faults != nil, s.renderer.judge
	return s, nil
}

// automations are the content of the file that is played with.
func (o Options) automations() []byte {
	switch {
	case o.Own != nil:
		return o.Own.Content
	case o.Kustomer != nil:
		return automation.DefaultFile
	}
	return usualAutomations
}

// stageOptions is what the options need. In a storm, what Temporal stores is encrypted
// in any case: so it is to be in earnest, and so it is tried here.
func (s *show) stageOptions() (set StageOptions, err error) {
	set = StageOptions{
		Kustomer: s.Kustomer, Limits: call.Limits{Settle: settle, Recording: recording}, Seed: s.Seed, Progress: s.Out, Log: s.Log,
		NewReceiver: s.NewReceiver, Programs: s.Programs, Existing: s.Existing, Ports: s.Ports, Automations: s.automations(), Org: trial.Org(s.set.Needs()),
	}
	if s.Encrypt || s.Faults != nil {
		set.Keys, err = codec.NewKey("demo")
	}
	if s.Faults != nil {
		set.Budget = stormBudget
		set.Limits = call.Limits{Settle: stormSettle, Recording: stormRecording}
	}
	return set, err
}

// invite has calls invented for the agents of the Kustomer at hand, of the kinds that
// the automations act on.
func (s *show) invite(ctx context.Context) error {
	agents, err := s.stage.agents(ctx)
	if err != nil {
		return err
	}
	if s.simulator, err = simulator.New(s.Seed, agents, nil); err != nil {
		return err
	}
	if s.Lose > 0 { // the log that is compared has no others
		s.simulator.Incoming, s.simulator.Unrecorded = true, true
		return nil
	}
	s.simulator.Incoming, s.simulator.Unrecorded = !s.set.Handles(call.Outbound), !s.set.Handles(call.Recorded)
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
