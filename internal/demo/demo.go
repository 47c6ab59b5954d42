// Package demo runs the whole product on one machine and checks the result.
//
// It starts a Temporal server, the Kustomer sandbox (or uses the real Kustomer), the
// worker and the webhook receiver. It then plays simulated babelforce calls, and compares
// what Kustomer holds with what each call must have. It can kill processes, disturb
// Kustomer's answers and lose webhooks in the meantime.
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

// Options configure a run of the demo.
type Options struct {
	Calls  int     // number of calls; 0 plays until the context ends
	Rate   float64 // calls per second
	Faults *Faults // failures to inject, on the sandbox only; nil injects none
	// NewReceiver makes the receiver that runs in this process. It is not used with Programs.
	NewReceiver func(ReceiverOptions) (http.Handler, error)
	// Programs run receivers and workers as separate processes, which Faults need;
	// nil runs one of each in this process.
	Programs *Programs
	// Existing is a Temporal that already runs; nil starts one. See [StageOptions].
	Existing *Existing
	Ports    Ports
	// Own is the user's automations file; nil uses the demo's usual automations.
	Own *Own
	// Country is the country of numbers without a country code, two letters; "" if none is set.
	Country string
	// Encrypt encrypts what Temporal stores, with a key that is made for this run and printed.
	Encrypt bool
	Seed    int64 // seed of the calls and the faults
	// Lose is the share of webhooks that never arrive, from 0 to 1. Their calls are
	// repaired from babelforce's log.
	Lose float64
	// Kustomer is the real one; nil uses the sandbox.
	Kustomer *kustomer.Client
	// Starter is the command that runs the starter, for the commands that are printed.
	Starter string
	Out     io.Writer
	Log     *slog.Logger
}

const (
	// settle is short, because events here are out of order by less than a second and a person is
	// watching.
	settle = 2 * time.Second
	// recording is how long to wait for a call's recording after that.
	recording = 3 * time.Second
)

// usualAutomations are what the demo writes to the sandbox: the built-in automations, and
// more that show what an automations file can add.
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
	storm     *storm // nil without faults
	// Both are nil if every webhook arrives.
	losses     *losses
	reconciler *reconciler
	calls      calls
}

// Run plays calls, shows each, and returns an error if any call is lost, doubled or wrong.
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
	if err := s.startReconciler(ctx, set.Limits); err != nil {
		return Report{}, err
	}
	err = s.playInStorm(ctx)
	s.board.close()
	// The calls have ended or the user has stopped the run; the completed calls are checked in both
	// cases.
	report := s.check(context.WithoutCancel(ctx), s.calls.ended)
	fmt.Fprintln(options.Out, report)
	switch unfinished := options.Calls - report.Calls; {
	case err != nil:
		return report, err
	case !report.right():
		return report, errors.New("some calls are lost, doubled or wrong; see the report above")
	case unfinished > 0:
		return report, fmt.Errorf("stopped before %d of %d calls had ended", unfinished, options.Calls)
	}
	return report, nil
}

// playInStorm plays the calls while the failures of the options occur and lost webhooks are
// repaired.
func (s *show) playInStorm(ctx context.Context) error {
	playing, stop := context.WithCancel(ctx)
	defer stop()
	if s.Faults == nil {
		if s.losses != nil {
			go s.reconciler.follow(playing, s.losses.after)
		}
		return s.play(ctx)
	}
	s.storm = newStorm(s.stage, s.Options, s.board.say)
	s.storm.begin(ctx)
	wait := func() {}
	if s.losses != nil {
		s.losses.suffer(s.playing())
		go s.reconciler.follow(playing, s.losses.after+s.playing())
		wait = s.storm.killRepairs(playing, s.reconciler)
	}
	err := s.play(ctx)
	stop()
	wait()
	return err
}

// newShow reads the automations and chooses the judge.
func newShow(options Options) (s *show, err error) {
	s = &show{Options: options, judge: judgeUsual}
	if options.Own == nil {
		s.set, _, err = load.BytesIn(options.Country, "automations", options.automations())
		return s, err
	}
	if s.set, _, err = load.BytesIn(options.Country, options.Own.Name, options.Own.Content); err != nil {
		return nil, err
	}
	if s.set.Callers.Returning.Append && options.Kustomer != nil {
		return nil, errors.New("a file with \"callers: returning: append\" is for the sandbox only: the demo could not find calls that join earlier conversations")
	}
	if s.renderer, err = newRenderer(options, s.set); err != nil {
		return nil, err
	}
	s.renderer.stormy, s.judge = options.Faults != nil, s.renderer.judge
	return s, nil
}

// automations returns the content of the automations file in use.
func (o Options) automations() []byte {
	switch {
	case o.Own != nil:
		return o.Own.Content
	case o.Kustomer != nil:
		return automation.DefaultFile
	}
	return usualAutomations
}

// stageOptions derives the options of the stage. If webhooks are lost, it also makes the losses,
// whose call log the stage serves. With faults, what Temporal stores is always encrypted, as it
// should be in production.
func (s *show) stageOptions() (set StageOptions, err error) {
	set = StageOptions{
		Kustomer: s.Kustomer, Limits: call.Limits{Settle: settle, Recording: recording}, Seed: s.Seed, Progress: s.Out, Log: s.Log,
		NewReceiver: s.NewReceiver, Programs: s.Programs, Existing: s.Existing, Ports: s.Ports, Automations: s.automations(), Country: s.Country, Org: trial.Org(s.set.Needs()),
	}
	if s.Encrypt || s.Faults != nil {
		set.Keys, err = codec.NewKey("demo")
	}
	if s.Faults != nil {
		set.Budget = stormBudget
		set.Limits = call.Limits{Settle: stormSettle, Recording: stormRecording}
	}
	if s.Lose > 0 {
		s.losses = newLosses(s.Lose, set.Limits)
		set.CallLog = s.losses.log
	}
	return set, err
}

// invite creates a simulator for the agents in Kustomer, which invents calls of the kinds
// that the automations act on.
func (s *show) invite(ctx context.Context) error {
	agents, err := s.stage.agents(ctx)
	if err != nil {
		return err
	}
	if s.simulator, err = simulator.New(s.Seed, agents, nil); err != nil {
		return err
	}
	if s.Lose > 0 { // babelforce's log contains no other calls
		s.simulator.Incoming, s.simulator.Unrecorded = true, true
		return nil
	}
	s.simulator.Incoming, s.simulator.Unrecorded = !s.set.Handles(call.Outbound), !s.set.Handles(call.Recorded)
	return nil
}

// agents returns the babelforce agents who answer calls. Each is a user in Kustomer.
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
