package app

import (
	"context"
	"fmt"
	"log/slog"
	"strings"
	"time"

	"github.com/urfave/cli/v2"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/worker"
	"golang.org/x/time/rate"

	"github.com/callthread/callthread/automation"
	"github.com/callthread/callthread/babelforce"
	"github.com/callthread/callthread/babelforce/calllog"
	"github.com/callthread/callthread/call"
	"github.com/callthread/callthread/phone"
	"github.com/callthread/callthread/reconcile"
)

// Reconciler says how babelforce's call log is compared with the calls received.
// Without credentials for the log nothing is compared.
type Reconciler struct {
	Babelforce Babelforce
	Every      time.Duration
	Late       time.Duration
	Since      string
	Zone       string
	// Only are the called numbers, separated by commas, whose calls are compared; "" compares all.
	Only string
	// Settle is how long after a call its run may go on; 0 is as long as the default limits of calls allow.
	Settle time.Duration
	// Repair has calls repaired that lack what the log contains.
	Repair bool
	// Limits are those of calls that begin with a repair; zero values mean the defaults.
	Limits call.Limits
}

// Flags are the settings.
func (r *Reconciler) Flags() []cli.Flag {
	return append(r.Babelforce.Flags(),
		&cli.DurationFlag{
			Name: "reconcile-every", EnvVars: []string{"CALLTHREAD_RECONCILE_EVERY"},
			Usage: "how often the log is compared", Value: 10 * time.Minute, Destination: &r.Every,
		},
		&cli.DurationFlag{
			Name: "reconcile-late", EnvVars: []string{"CALLTHREAD_RECONCILE_LATE"},
			Usage: "how long after a call rings it may appear in the log", Value: time.Minute, Destination: &r.Late,
		},
		&cli.DurationFlag{
			Name: "reconcile-settle", EnvVars: []string{"CALLTHREAD_RECONCILE_SETTLE"},
			Usage: "how long after the end of a call it is judged; 0 is as long as its limits (--settle, --recording-timeout) and wrap-up may take by default", Destination: &r.Settle,
		},
		&cli.StringFlag{
			Name: "reconcile-since", EnvVars: []string{"CALLTHREAD_RECONCILE_SINCE"},
			Usage: "when Callthread went live, as a `TIME` such as 2026-11-23T09:00:00Z or a date: nothing before is compared", Destination: &r.Since,
		},
		&cli.BoolFlag{
			Name: "reconcile-repair", EnvVars: []string{"CALLTHREAD_RECONCILE_REPAIR"},
			Usage: "repair calls that are missing, or lack something, from the log; needs --reconcile-since", Destination: &r.Repair,
		},
		&cli.StringFlag{
			Name: "reconcile-only", EnvVars: []string{"CALLTHREAD_RECONCILE_ONLY"},
			Usage: "called `NUMBERS`, separated by commas, whose calls are compared, where others of the account belong elsewhere; all where it is left out", Destination: &r.Only,
		},
		&cli.StringFlag{
			Name: "zone", EnvVars: []string{"CALLTHREAD_ZONE"},
			Usage: "time `ZONE` of the days that statements are about, such as Europe/Berlin", Value: "UTC", Destination: &r.Zone,
		},
	)
}

// Plan says when comparisons are made, for a task queue of calls.
func (r *Reconciler) Plan(calls string) (reconcile.Plan, error) {
	plan := reconcile.Plan{TaskQueue: reconcile.TaskQueue(calls), Every: r.Every, Zone: r.Zone, Settings: reconcile.Settings{Late: r.Late}}
	zone, err := time.LoadLocation(r.Zone)
	if err != nil {
		return plan, fmt.Errorf("--zone (CALLTHREAD_ZONE): there is no time zone %q: use a name such as Europe/Berlin", r.Zone)
	}
	if r.Every < time.Second || r.Late < 0 || r.Settle < 0 {
		return plan, fmt.Errorf("--reconcile-every must be at least a second, and --reconcile-late and --reconcile-settle must not be negative")
	}
	plan.Repair = r.Repair
	if r.Since == "" && r.Repair {
		return plan, fmt.Errorf("--reconcile-repair (CALLTHREAD_RECONCILE_REPAIR) needs --reconcile-since (CALLTHREAD_RECONCILE_SINCE), the time when Callthread went live: calls before that are not Callthread's to repair")
	}
	if r.Since == "" {
		return plan, nil
	}
	if plan.Since, err = time.Parse(time.RFC3339, r.Since); err != nil {
		if plan.Since, err = time.ParseInLocation(time.DateOnly, r.Since, zone); err != nil {
			return plan, fmt.Errorf("--reconcile-since (CALLTHREAD_RECONCILE_SINCE): %q is neither a time (2026-11-23T09:00:00Z) nor a date (2026-11-23)", r.Since)
		}
	}
	return plan, nil
}

// newWorker makes the worker of comparisons, nil where there are no credentials for the log.
func (r *Reconciler) newWorker(c client.Client, t *Temporal, budget int, inForce func() *automation.Set, country string, observe reconcile.Observer) (worker.Worker, error) {
	log, err := r.Babelforce.Client()
	if err != nil || log == nil {
		return nil, err
	}
	plan, err := r.Plan(t.TaskQueue)
	if err != nil {
		return nil, err
	}
	compares, err := r.compares(country)
	if err != nil {
		return nil, err
	}
	made := worker.New(c, reconcile.TaskQueue(t.TaskQueue), worker.Options{WorkerStopTimeout: stopTimeout})
	reconcile.Register(made, &reconcile.Activities{
		Log: log, Temporal: c, Namespace: t.Namespace(), TaskQueue: t.TaskQueue, Rules: r.rules(inForce, country), Observe: observe,
		Outbound: func() bool { return inForce().Handles(call.Outbound) }, Compares: compares,
		Since: plan.Since, Throttle: repairsWithin(budget), Limits: r.Limits,
	})
	return made, nil
}

const (
	// repairShare is the part of Kustomer's budget that repairs may use: a quarter.
	repairShare = 4
	// requestsOfRepair is how many requests to Kustomer a repaired call takes (docs/performance.md).
	requestsOfRepair = 7
)

// repairsWithin is how often a call may be repaired within a budget of requests a minute.
func repairsWithin(budget int) *rate.Limiter {
	return rate.NewLimiter(rate.Limit(float64(max(budget, 1))/repairShare/requestsOfRepair/time.Minute.Seconds()), 1)
}

// compares reports whether a call is compared, by the number that was called; nil compares all.
func (r *Reconciler) compares(country string) (func(babelforce.Call) bool, error) {
	if r.Only == "" {
		return nil, nil
	}
	only := make(map[string]bool)
	for text := range strings.SplitSeq(r.Only, ",") {
		number, err := phone.Parse(text, country)
		if err != nil {
			return nil, fmt.Errorf("--reconcile-only (CALLTHREAD_RECONCILE_ONLY): %q is no phone number with its country code, such as +493023125001", strings.TrimSpace(text))
		}
		only[number.E164()] = true
	}
	return func(leg babelforce.Call) bool {
		number, err := phone.Parse(leg.To, country)
		return err == nil && only[number.E164()]
	}, nil
}

// rules are those of calls with the default limits.
func (r *Reconciler) rules(inForce func() *automation.Set, country string) reconcile.Rules {
	limits := call.DefaultLimits
	settle := r.Settle
	if settle == 0 {
		settle = limits.Settle + limits.Recording + inForce().WrapUpTime + time.Minute
	}
	return reconcile.Rules{
		Settle: settle, Transfer: limits.Transfer(), Longest: limits.Bridge + limits.End,
		Wants: func(root calllog.Row) reconcile.Wanted {
			event := babelforce.Event{Name: babelforce.CallInbound, Call: root.Call}
			if root.Call.Type == "outbound" {
				event.Name = babelforce.CallOutbound
			}
			return wanted(inForce().In(country), event)
		},
	}
}

func wanted(set *automation.Set, event babelforce.Event) reconcile.Wanted {
	record := call.Record{Key: event.Call.Key()}
	record.Add(event.Report(event.Call.DateCreated), event.Call.DateCreated)
	switch wants, isCertain := set.Wants(record.Facts()); {
	case !isCertain:
		return reconcile.Unknown
	case wants:
		return reconcile.Wants
	}
	return reconcile.WantsNot
}

// plan has Temporal make comparisons. A worker that may not is told how an administrator does.
func (r *Reconciler) plan(ctx context.Context, c client.Client, calls string, log *slog.Logger) {
	plan, err := r.Plan(calls)
	if err == nil {
		err = plan.Apply(ctx, c)
	}
	if err != nil {
		log.Warn("comparisons with babelforce's log could not be scheduled: an administrator does it with `starter setup`", "problem", err)
		return
	}
	log.Info("calls are compared with babelforce's log", "every", r.Every, "taskQueue", plan.TaskQueue)
}
