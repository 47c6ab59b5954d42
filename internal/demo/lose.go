package demo

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/worker"

	"github.com/callthread/callthread/babelforce"
	"github.com/callthread/callthread/babelforce/calllog"
	callsandbox "github.com/callthread/callthread/babelforce/sandbox"
	"github.com/callthread/callthread/babelforce/simulator"
	"github.com/callthread/callthread/reconcile"
)

const (
	// logToken lets the demo into the sandbox of babelforce's log.
	logToken = "demo-token"
	// compareEvery is how often the demo compares; a real installation does so every ten minutes.
	compareEvery = 2 * time.Second
	// judgedAfter is how long after the end of a call everything that follows has had its time here.
	judgedAfter = settle + recording + 2*time.Second
)

// losses lose webhooks on their way, and find the calls again by comparing them
// with babelforce's log.
type losses struct {
	share  float64
	stage  *Stage
	log    *callsandbox.Server
	worker worker.Worker
	began  time.Time
	say    func(reconcile.Verdict)

	mu sync.Mutex
	// expected is what the statement must say of each call some of whose webhooks were lost.
	expected  map[string]reconcile.Result
	found     map[string]reconcile.Result
	statement reconcile.Comparison
}

// newLosses keeps babelforce's log, and starts the worker that compares.
func newLosses(stage *Stage, share float64, say func(reconcile.Verdict)) (*losses, error) {
	l := &losses{
		share: share, stage: stage, log: callsandbox.New(callsandbox.Config{Token: logToken}), say: say,
		began: time.Now().Truncate(time.Second), expected: make(map[string]reconcile.Result), found: make(map[string]reconcile.Result),
	}
	url, err := stage.serve(0, l.log)
	if err != nil {
		return nil, err
	}
	reader, err := calllog.New(calllog.Config{BaseURL: url, Credentials: calllog.Credentials{Token: logToken}, Pace: time.Millisecond})
	if err != nil {
		return nil, err
	}
	l.worker = worker.New(stage.Temporal, reconcile.TaskQueue(stage.TaskQueue), worker.Options{})
	reconcile.Register(l.worker, &reconcile.Activities{
		Log: reader, Temporal: stage.Temporal, Namespace: stage.Namespace, TaskQueue: stage.TaskQueue, Outbound: func() bool { return false },
		Rules: reconcile.Rules{
			Settle: judgedAfter, Transfer: judgedAfter, Longest: time.Hour,
			Wants: func(calllog.Row) reconcile.Wanted { return reconcile.Wants },
		},
	})
	return l, l.worker.Start()
}

// lose is what arrives of a call's webhooks. babelforce's log has all of the call.
func (l *losses) lose(invented *simulator.Simulator, story simulator.Story) (delivered simulator.Story, err error) {
	delivered = invented.Lose(story, l.share)
	if err := l.log.Play(story, time.Now()); err != nil {
		return delivered, err
	}
	if len(delivered.Steps) == len(story.Steps) {
		return delivered, nil
	}
	result, err := Told(story, delivered)
	l.mu.Lock()
	defer l.mu.Unlock()
	l.expected[story.Key] = result
	return delivered, err
}

// hit reports whether some of a call's webhooks were lost.
func (l *losses) hit(key string) bool {
	if l == nil {
		return false
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	_, hit := l.expected[key]
	return hit
}

// Told is what a comparison with babelforce's log must say of a call, by the webhooks
// that were delivered. It looks at no run and at no comparison.
func Told(whole, delivered simulator.Story) (reconcile.Result, error) {
	var known, ended, hasAgent bool
	for _, step := range delivered.Steps {
		event, err := babelforce.Decode(step.Event, step.ContentType, step.Body)
		if err != nil {
			return "", err
		}
		if event.Name == babelforce.RecordingFinished {
			continue // begins no call
		}
		known = true
		ended = ended || event.Name == babelforce.CallFinished && event.Call.ParentID == ""
		// An agent is known from the pick-up, or from the end of the agent's own leg.
		talked := event.Name == babelforce.CallFinished && event.Call.ParentID != "" && !event.Call.DateEstablished.IsZero()
		hasAgent = hasAgent || event.Name == babelforce.CallBridged || talked
	}
	switch {
	case !known:
		return reconcile.Missed, nil
	case !ended, whole.Want.Answered() && !hasAgent:
		return reconcile.Incomplete, nil
	}
	return reconcile.Matched, nil
}

// follow compares until the context ends, and says of each call what is found.
func (l *losses) follow(ctx context.Context) {
	tick := time.NewTicker(compareEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		_ = l.compare(ctx) // the next one may be luckier, and the last one has to be
	}
}

// compare compares all calls so far.
func (l *losses) compare(ctx context.Context) error {
	window := reconcile.Window{From: l.began, To: time.Now().Truncate(time.Second)}
	run, err := l.stage.Temporal.ExecuteWorkflow(ctx, client.StartWorkflowOptions{
		TaskQueue: reconcile.TaskQueue(l.stage.TaskQueue), StaticSummary: "calls so far, compared with babelforce's log",
	}, reconcile.StatementWorkflow, reconcile.StatementInput{Window: &window})
	if err != nil {
		return err
	}
	var statement reconcile.Comparison
	if err := run.Get(ctx, &statement); err != nil {
		return err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.statement = statement
	for _, v := range statement.Listed {
		if _, told := l.found[v.CallID]; !told && v.Result != reconcile.NotYet {
			l.found[v.CallID] = v.Result
			l.say(v)
		}
	}
	return nil
}

// finish compares until every call is judged, and returns what the statement says wrongly.
func (l *losses) finish(ctx context.Context) (problems []string, err error) {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	tick := time.NewTicker(compareEvery)
	defer tick.Stop()
	for {
		if err := l.compare(ctx); err != nil {
			return nil, fmt.Errorf("compare with babelforce's log: %w", err)
		}
		if l.statement.Counts[reconcile.NotYet] == 0 {
			return l.problems(), nil
		}
		select {
		case <-ctx.Done():
			return nil, errors.New("babelforce's log has calls that are not over")
		case <-tick.C:
		}
	}
}

// problems compares the statement with what was lost, call by call.
func (l *losses) problems() (problems []string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	told := make(map[string]reconcile.Result)
	for _, v := range l.statement.Listed {
		told[v.CallID] = v.Result
		if _, hit := l.expected[v.CallID]; !hit {
			problems = append(problems, fmt.Sprintf("%s: all its webhooks were delivered, and the statement says %s", v.CallID, v.Result))
		}
	}
	for _, key := range slices.Sorted(maps.Keys(l.expected)) {
		if expected, is := l.expected[key], told[key]; expected != is && (expected != reconcile.Matched || is != "") {
			problems = append(problems, fmt.Sprintf("%s: the statement says %s of a call that is %s", key, is, expected))
		}
	}
	for _, gap := range l.statement.Gaps {
		problems = append(problems, "not compared: "+gap.Why)
	}
	return problems
}

// report adds the statement, and what is wrong with it.
func (l *losses) report(ctx context.Context, report *Report) {
	problems, err := l.finish(ctx)
	if err != nil {
		problems = append(problems, err.Error())
	}
	report.Wrong = append(report.Wrong, problems...)
	l.mu.Lock()
	defer l.mu.Unlock()
	report.Lossy, report.Statement = len(l.expected), l.statement.String()
	report.Others = max(0, report.Others-len(l.expected)+l.statement.Counts[reconcile.Missed])
	report.NotJudged = append(report.NotJudged, fmt.Sprintf("the conversations of calls whose webhooks were lost: %d", len(l.expected)-l.statement.Counts[reconcile.Missed]))
}

// close stops comparing.
func (l *losses) close() { l.worker.Stop() }
