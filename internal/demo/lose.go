package demo

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"sync"
	"time"

	"github.com/callthread/callthread/babelforce"
	callsandbox "github.com/callthread/callthread/babelforce/sandbox"
	"github.com/callthread/callthread/babelforce/simulator"
	"github.com/callthread/callthread/call"
	"github.com/callthread/callthread/reconcile"
)

// losses drops webhooks. The calls are repaired from babelforce's log.
type losses struct {
	share float64
	log   *callsandbox.Server
	after time.Duration           // from a call's last webhook until its row is in the log
	say   func(reconcile.Verdict) // says what was found; it must be set
	// outage is the period in which no webhook arrives.
	outage reconcile.Window

	mu    sync.Mutex
	lossy map[string]*lossy
}

// newLosses returns losses of webhooks of calls with these limits.
func newLosses(share float64, limits call.Limits) *losses {
	return &losses{
		share: share, after: limits.Settle + limits.Recording + 2*time.Second, lossy: make(map[string]*lossy),
		log: callsandbox.New(callsandbox.Config{Token: logToken, Now: func() time.Time { return time.Now().Add(ahead) }}),
	}
}

// suffer injects the failures that concern the comparison: no webhook arrives for up to a minute,
// and the log fails.
func (l *losses) suffer(playing time.Duration) {
	from := time.Now().Add(playing / 3)
	l.outage = reconcile.Window{From: from, To: from.Add(min(playing/6, time.Minute))}
	l.log.Misbehave(callsandbox.Faults{NoPages: true, PageSize: 40, Odd: 7, NumericDates: true, Every: 11, Status: http.StatusServiceUnavailable, Wrapped: true})
}

// lossy is a call with lost webhooks.
type lossy struct {
	logged time.Time // when its row is in the log
	found  reconcile.Result
	whole  chan struct{} // closed once a comparison finds nothing missing
}

// lose returns the part of a call that arrives. babelforce's log gets the whole call a while after
// its end.
func (l *losses) lose(invented *simulator.Simulator, whole simulator.Story) (delivered simulator.Story, err error) {
	now := time.Now()
	delivered = invented.Lose(whole, l.share)
	delivered.Steps = slices.DeleteFunc(delivered.Steps, func(step simulator.Step) bool {
		at := now.Add(step.After)
		return !at.Before(l.outage.From) && at.Before(l.outage.To)
	})
	rows, err := callsandbox.Rows(whole)
	if err != nil {
		return delivered, err
	}
	logged := now.Add(whole.Steps[len(whole.Steps)-1].After + l.after)
	for i := range rows {
		rows[i].Logged = logged.Add(ahead)
	}
	l.log.Log(rows...)
	if len(delivered.Steps) == len(whole.Steps) {
		return delivered, nil
	}
	if delivered, err = asLogged(whole, delivered); err != nil {
		return delivered, err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.lossy[whole.Key] = &lossy{logged: logged, whole: make(chan struct{})}
	return delivered, nil
}

// asLogged returns the delivered part with the expected result of the whole call. Only a
// webhook reports that a call came after hours, so the outcome depends on the webhooks that
// arrived.
func asLogged(whole, delivered simulator.Story) (simulator.Story, error) {
	delivered.Want = whole.Want
	if whole.Want.Outcome != string(call.AfterHours) {
		return delivered, nil
	}
	for _, step := range delivered.Steps {
		event, err := babelforce.Decode(step.Event, step.ContentType, step.Body)
		if err != nil || event.Extra[call.AfterHoursField] != "" {
			return delivered, err
		}
	}
	outcome := map[string]call.Outcome{"caller": call.AbandonedInFlow, "flow": call.EndedByFlow}[whole.Want.EndedBy]
	delivered.Want.Outcome = string(outcome)
	return delivered, nil
}

// of returns the call if some of its webhooks are lost, and nil otherwise.
func (l *losses) of(key string) *lossy {
	if l == nil {
		return nil
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.lossy[key]
}

// note records what a comparison found before it repaired anything.
func (l *losses) note(at time.Time, found reconcile.Comparison) {
	l.mu.Lock()
	defer l.mu.Unlock()
	lacking := make(map[string]bool)
	for _, v := range found.Listed {
		lacking[v.CallID] = true
		if one := l.lossy[v.CallID]; one != nil && one.found == "" && v.NeedsRepair() {
			one.found = v.Result
			l.say(v)
		}
	}
	for key, one := range l.lossy {
		if isWhole := found.IsComplete() && one.logged.Before(at.Truncate(time.Second)) && !lacking[key]; !isWhole {
			continue
		}
		select {
		case <-one.whole:
		default:
			close(one.whole)
		}
	}
}

// report adds a statement and its problems. At the end nothing may be missing.
func (l *losses) report(statement reconcile.Comparison, report *Report) {
	for _, v := range statement.Listed {
		report.Wrong = append(report.Wrong, fmt.Sprintf("the final comparison reports call %s as %s %s", v.CallID, v.Result, v.Why))
	}
	for _, gap := range statement.Gaps {
		report.Wrong = append(report.Wrong, "not compared: "+gap.Why)
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	report.Lossy, report.Statement = len(l.lossy), statement.String()
	for _, one := range l.lossy {
		if one.found != "" {
			report.Repaired++
		}
	}
}

// await waits until nothing of the call is missing.
func (one *lossy) await(ctx context.Context) error {
	select {
	case <-one.whole:
		return nil
	case <-ctx.Done():
		return errors.New("no comparison with babelforce's log found it complete")
	}
}
