package demo

import (
	"context"
	"fmt"
	"maps"
	"math/rand/v2"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/callthread/callthread/kustomer/sandbox"
)

// Faults configure the failures that a run injects.
type Faults struct {
	// Pause is the mean time from a restart to the next kill; 0 derives it from the number of
	// calls.
	Pause time.Duration
}

const (
	// stormSettle is longer than a killed process can delay an event, including its sender's
	// timeout.
	stormSettle = 20 * time.Second
	// stormRecording is added to that.
	stormRecording = 10 * time.Second
	// stormBudget is above what any machine plays, because the rate limit is not under test.
	stormBudget = 100_000
	// aftermath is how much longer Kustomer's faults last than the kills, so that the last
	// outcomes are written under faults too.
	aftermath = stormSettle

	minPause, maxPause = 2 * time.Second, 15 * time.Second
	// The worker is killed in the midst of a repair once for each callsPerRepairKill calls.
	callsPerRepairKill = 40
)

// storm kills processes at random while Kustomer fails at random, and runs an operator who
// retries what was refused.
type storm struct {
	stage *Stage
	pause time.Duration
	rng   *rand.Rand
	say   func(string)

	began  time.Time
	played chan struct{}  // closed once every call was played
	ends   sync.WaitGroup // waits until each part was killed
	kills  map[Part]int

	repairKills   int // planned kills of the worker in the midst of a repair
	repairsKilled int // those that were done
	operator
}

// newStorm returns a storm that follows from the seed, as far as real processes allow.
func newStorm(stage *Stage, options Options, say func(string)) *storm {
	pause := options.Faults.Pause
	if pause == 0 {
		pause = fittingPause(options)
	}
	return &storm{
		stage: stage, pause: pause, say: say, repairKills: max(1, options.Calls/callsPerRepairKill),
		rng:    rand.New(rand.NewPCG(uint64(options.Seed), 1)), // the simulator's stream is 0
		played: make(chan struct{}), kills: make(map[Part]int),
		operator: operator{temporal: stage.Temporal, taskQueue: stage.TaskQueue, parked: make(map[string]bool)},
	}
}

// fittingPause is short enough to kill every part in a short run, and longer in long runs for
// recovery.
func fittingPause(options Options) time.Duration {
	if options.Calls == 0 {
		return maxPause
	}
	return min(max(options.playing()/5, minPause), maxPause)
}

// playing is how long it takes to begin all calls.
func (o Options) playing() time.Duration {
	return time.Duration(float64(o.Calls) / o.Rate * float64(time.Second))
}

// begin starts the failures.
func (s *storm) begin(ctx context.Context) {
	s.began = time.Now()
	for _, fault := range stormFaults() {
		s.stage.Sandbox.Inject(fault)
	}
	s.ends.Go(func() { s.kill(ctx) })
	go s.operator.work(ctx)
}

// pass is called when every call was played. It returns when the last process runs again
// and Kustomer has recovered, but not before half of the calls have ended.
func (s *storm) pass(ctx context.Context, halfEnded <-chan struct{}) {
	close(s.played)
	s.ends.Wait()
	sleep(ctx, aftermath)
	select {
	case <-halfEnded:
	case <-ctx.Done():
	}
	s.stage.Sandbox.ClearFaults()
}

// kill kills the parts one by one in a random order, until every call was played and every
// part was killed at least once.
func (s *storm) kill(ctx context.Context) {
	for deck := []Part(nil); ctx.Err() == nil; deck = deck[1:] {
		if len(deck) == 0 {
			deck = slices.Sorted(maps.Keys(s.stage.parts))
			s.rng.Shuffle(len(deck), func(i, j int) { deck[i], deck[j] = deck[j], deck[i] })
		}
		pause := s.pause/2 + s.upTo(s.pause)
		played := s.played
		if len(s.kills) < len(s.stage.parts) {
			played = nil // not yet
		}
		select {
		case <-time.After(pause):
		case <-played:
			return
		case <-ctx.Done():
			return
		}
		if !s.killOne(ctx, deck[0]) {
			return
		}
	}
}

// killRepairs kills the worker that compares calls with babelforce's log in the midst of repairs,
// once every part was killed. The returned function waits for the end of that, after the context
// has ended.
func (s *storm) killRepairs(ctx context.Context, r *reconciler) (wait func()) {
	var ends sync.WaitGroup
	ends.Go(func() {
		s.ends.Wait()
		for restarted := s.began; s.repairsKilled < s.repairKills && r.awaitRepair(ctx, restarted); {
			sleep(ctx, s.upTo(2*time.Second))
			if !r.isRepairing(ctx, restarted) {
				continue // it was too short
			}
			if !s.killOne(context.WithoutCancel(ctx), Worker) { // the final comparison needs it
				return
			}
			s.repairsKilled++
			restarted = time.Now()
		}
	})
	return ends.Wait
}

// killOne kills a part and restarts it after up to two seconds, unless the context has ended. It
// fails the stage and returns false if the part does not start.
func (s *storm) killOne(ctx context.Context, part Part) bool {
	down := 200*time.Millisecond + s.upTo(1800*time.Millisecond)
	s.stage.Kill(part)
	s.kills[part]++
	s.say(fmt.Sprintf("%5.1f s: kill -9 %s, away for %.1f s", time.Since(s.began).Seconds(), part, down.Seconds()))
	sleep(ctx, down)
	err := s.stage.Restart(ctx, part)
	if err != nil && ctx.Err() == nil {
		s.stage.fail(part, err)
	}
	return err == nil
}

// upTo returns a random duration below a limit.
func (s *storm) upTo(limit time.Duration) time.Duration {
	return time.Duration(s.rng.Int64N(int64(limit)))
}

// stormFaults disturb 40 % of Kustomer's answers, on every route. The first fault that
// strikes wins, so each probability applies to what the earlier ones left over.
func stormFaults() []sandbox.Fault {
	const notes, conversations = "/v1/conversations/{id}/notes", "/v1/conversations"
	return []sandbox.Fault{
		// Both are rare and skip short runs: one delays every request to the end of the minute, the
		// other by half a minute.
		{Kind: sandbox.FaultStatus, Status: http.StatusTooManyRequests, Skip: 4000, Times: 1},
		{Kind: sandbox.FaultUnauthorized, Skip: 2000, Times: 2},
		{Kind: sandbox.FaultTimeout, Probability: 0.001},
		// Refusals that no look-up explains park the call.
		{Method: "POST", Route: conversations, Kind: sandbox.FaultStatus, Status: http.StatusConflict, Probability: 0.004},
		{Method: "POST", Route: notes, Kind: sandbox.FaultStatus, Status: http.StatusConflict, Probability: 0.004},
		{Method: "POST", Route: notes, Kind: sandbox.FaultStatus, Status: http.StatusBadRequest, Probability: 0.004},

		{Kind: sandbox.FaultLatency, Latency: 300 * time.Millisecond, Probability: 0.11},
		{Kind: sandbox.FaultLoseAnswer, Probability: 0.08},
		{Kind: sandbox.FaultLoseAnswer5xx, Probability: 0.06},
		{Kind: sandbox.FaultTruncate, Probability: 0.06},
		{Kind: sandbox.FaultReset, Probability: 0.06},
		{Kind: sandbox.FaultHTML, Probability: 0.045},
		{Kind: sandbox.FaultStatus, Status: http.StatusInternalServerError, Probability: 0.035},
		{Kind: sandbox.FaultStatus, Status: http.StatusBadGateway, Probability: 0.035},
		{Kind: sandbox.FaultStatus, Status: http.StatusServiceUnavailable, Probability: 0.035},
	}
}

// report adds to a report what went wrong.
func (s *storm) report(r *Report) {
	r.Kills, r.RepairsKilled = s.kills, s.repairsKilled
	r.Parked, r.Causeless = s.operator.result()
}

// killed describes in words how often each part was killed.
func killed(kills map[Part]int) string {
	total, words := 0, []string(nil)
	for _, part := range slices.Sorted(maps.Keys(kills)) {
		total += kills[part]
		words = append(words, fmt.Sprintf("%s %d", part, kills[part]))
	}
	return fmt.Sprintf("%d kills (%s)", total, strings.Join(words, ", "))
}

// sleep waits, unless the context ends first.
func sleep(ctx context.Context, d time.Duration) {
	select {
	case <-time.After(d):
	case <-ctx.Done():
	}
}
