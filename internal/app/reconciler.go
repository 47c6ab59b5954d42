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

// Reconciler contains the settings for the comparison of babelforce's call log with the received
// calls. Without credentials for the log no calls are compared.
type Reconciler struct {
	Babelforce Babelforce
	Every      time.Duration // interval between comparisons
	Late       time.Duration // after the ring, until a call appears in the log
	Since      string        // when Callthread went live, as RFC 3339 or a date
	Zone       string        // time zone of dates
	// Only has numbers, separated by commas, and restricts comparisons to calls to these numbers and
	// outbound calls from them; "" compares all.
	Only string
	// Settle is the time from the end of a call until it is compared; 0 derives it from the default
	// limits of calls.
	Settle time.Duration
	// Repair enables repairs: calls get what the log contains and they lack.
	Repair bool
	// Limits are the time limits of calls that a repair starts; zero values mean the defaults.
	Limits call.Limits
}

// Flags returns the flags of the settings.
func (r *Reconciler) Flags() []cli.Flag {
	return append(r.Babelforce.Flags(),
		&cli.DurationFlag{
			Name: "reconcile-every", EnvVars: []string{"CALLTHREAD_RECONCILE_EVERY"},
			Usage: "interval between comparisons with the log", Value: 10 * time.Minute, Destination: &r.Every,
		},
		&cli.DurationFlag{
			Name: "reconcile-late", EnvVars: []string{"CALLTHREAD_RECONCILE_LATE"},
			Usage: "how long after its ring a call may appear in the log", Value: time.Minute, Destination: &r.Late,
		},
		&cli.DurationFlag{
			Name: "reconcile-settle", EnvVars: []string{"CALLTHREAD_RECONCILE_SETTLE"},
			Usage: "how long after its end a call is compared; 0 is the default limits (--settle, --recording-timeout) and the wrap-up time together", Destination: &r.Settle,
		},
		&cli.StringFlag{
			Name: "reconcile-since", EnvVars: []string{"CALLTHREAD_RECONCILE_SINCE"},
			Usage: "when Callthread went live, as a `TIME` such as 2026-11-23T09:00:00Z or a date: earlier calls are not compared", Destination: &r.Since,
		},
		&cli.BoolFlag{
			Name: "reconcile-repair", EnvVars: []string{"CALLTHREAD_RECONCILE_REPAIR"},
			Usage: "repair calls that are missing or incomplete, from the log; needs --reconcile-since", Destination: &r.Repair,
		},
		&cli.StringFlag{
			Name: "reconcile-only", EnvVars: []string{"CALLTHREAD_RECONCILE_ONLY"},
			Usage: "compare only calls to these `NUMBERS`, separated by commas, and outbound calls from them, if other numbers of the account do not use Callthread; the default is all", Destination: &r.Only,
		},
		&cli.StringFlag{
			Name: "zone", EnvVars: []string{"CALLTHREAD_ZONE"},
			Usage: "time `ZONE` of dates and of the days of statements, such as Europe/Berlin", Value: "UTC", Destination: &r.Zone,
		},
	)
}

// Plan returns the Schedules of comparisons for a task queue of calls. It fails for invalid
// settings.
func (r *Reconciler) Plan(calls string) (reconcile.Plan, error) {
	plan := reconcile.Plan{Calls: calls, Every: r.Every, Zone: r.Zone, Settings: reconcile.Settings{Late: r.Late}}
	zone, err := time.LoadLocation(r.Zone)
	if err != nil {
		return plan, fmt.Errorf("--zone (CALLTHREAD_ZONE): there is no time zone %q: use a name such as Europe/Berlin", r.Zone)
	}
	if r.Every < time.Second || r.Late < 0 || r.Settle < 0 {
		return plan, fmt.Errorf("--reconcile-every must be at least a second, and --reconcile-late and --reconcile-settle must not be negative")
	}
	plan.Repair = r.Repair
	if r.Since == "" && r.Repair {
		return plan, fmt.Errorf("--reconcile-repair (CALLTHREAD_RECONCILE_REPAIR) needs --reconcile-since (CALLTHREAD_RECONCILE_SINCE), the time when Callthread went live: earlier calls must not be repaired")
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

// newWorker makes the worker of comparisons, or returns nil without credentials for the log.
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
	// repairShare is the divisor of Kustomer's budget for repairs: they use at most a quarter.
	repairShare = 4
	// requestsOfRepair is the number of requests to Kustomer for a repair (docs/performance.md).
	requestsOfRepair = 7
)

// repairsWithin is the rate of repairs for a budget in requests a minute.
func repairsWithin(budget int) *rate.Limiter {
	return rate.NewLimiter(rate.Limit(float64(max(budget, 1))/repairShare/requestsOfRepair/time.Minute.Seconds()), 1)
}

// compares returns a function that reports whether a call is compared, by the number of ours that it
// was made to or, if outbound, from; nil compares all.
func (r *Reconciler) compares(country string) (func(babelforce.Call) bool, error) {
	if r.Only == "" {
		return nil, nil
	}
	only := make(map[string]bool)
	for text := range strings.SplitSeq(r.Only, ",") {
		number, err := phone.Parse(text, country)
		if err != nil {
			return nil, fmt.Errorf("--reconcile-only (CALLTHREAD_RECONCILE_ONLY): %q is not a phone number with its country code, such as +493023125001", strings.TrimSpace(text))
		}
		only[number.E164()] = true
	}
	return func(leg babelforce.Call) bool {
		ours := leg.To
		if leg.Type == "outbound" {
			ours = leg.From
		}
		number, err := phone.Parse(ours, country)
		return err == nil && only[number.E164()]
	}, nil
}

// rules returns the rules of the comparison for calls with the default limits.
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

// plan creates the Schedules of comparisons. Without permission it logs the command for an
// administrator.
func (r *Reconciler) plan(ctx context.Context, c client.Client, calls string, log *slog.Logger) {
	plan, err := r.Plan(calls)
	if err == nil {
		err = plan.Apply(ctx, c)
	}
	if err != nil {
		log.Warn("comparisons with babelforce's log could not be scheduled: an administrator can schedule them with `starter setup --compare`", "problem", err)
		return
	}
	log.Info("calls are compared with babelforce's log", "every", r.Every, "taskQueue", reconcile.TaskQueue(calls))
}
