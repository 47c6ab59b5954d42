// Package trial runs an automations file without babelforce, Temporal and Kustomer. It provides
// an org that contains everything the file names, a player that runs a call without waiting, and
// a copy of the file whose marks show which automations act.
package trial

import (
	"cmp"
	"slices"
	"time"

	"github.com/callthread/callthread/automation"
	"github.com/callthread/callthread/call"
	"github.com/callthread/callthread/kustomer/sandbox"
)

// Org returns the sandbox's usual org with everything that a file names.
func Org(needs automation.Needs) sandbox.Config {
	const name = "named by the automations file"
	org := sandbox.Config{Users: sandbox.DefaultUsers(), Teams: sandbox.DefaultTeams(), Attributes: sandbox.DefaultAttributes()}
	for _, id := range needs.Users {
		if !slices.ContainsFunc(org.Users, func(u sandbox.User) bool { return u.ID == id }) {
			org.Users = append(org.Users, sandbox.User{ID: id, Name: "User " + name, Email: id + "@example.com"})
		}
	}
	for _, id := range needs.Teams {
		if !slices.ContainsFunc(org.Teams, func(t sandbox.Team) bool { return t.ID == id }) {
			org.Teams = append(org.Teams, sandbox.Team{ID: id, Name: "Team " + name})
		}
	}
	for _, id := range append(slices.Clone(needs.Customers), needs.CatchAll) {
		if id != "" && !slices.ContainsFunc(org.Customers, func(c sandbox.Customer) bool { return c.ID == id }) {
			org.Customers = append(org.Customers, sandbox.Customer{ID: id, Name: "Customer " + name})
		}
	}
	types := map[string]string{"Num": "number", "At": "date", "Bool": "boolean", "Url": "url"}
	for attribute, suffix := range needs.Attributes {
		org.Attributes[attribute] = cmp.Or(types[suffix], "string")
	}
	return org
}

// Play runs a call in simulated time. The record receives each event at its time, and do runs
// each step when it is due. Play returns the first error of do.
func Play(record *call.Record, events []call.Event, do func(call.Step, time.Time) (call.Done, error)) error {
	p := &player{record: record, do: do}
	for i, e := range events {
		if i > 0 && !p.waitsAt(e.ReceivedAt) {
			break // the call is over and later events change nothing
		}
		record.Add(e, e.ReceivedAt)
		p.steps(e.ReceivedAt)
	}
	p.waitsAt(record.Started.AddDate(1, 0, 0)) // no call waits longer than a year
	return p.err
}

type player struct {
	record *call.Record
	do     func(call.Step, time.Time) (call.Done, error)
	wait   call.Wait
	err    error
}

// waitsAt advances the time and reports whether the call still waits then.
func (p *player) waitsAt(at time.Time) bool {
	for p.err == nil && p.wait.For != "" && p.wait.Until.Before(at) {
		p.steps(p.wait.Until)
	}
	return p.err == nil && p.wait.For != ""
}

// steps runs all steps that are due.
func (p *player) steps(now time.Time) {
	next := p.record.Next(now)
	for ; next.Step != nil; next = p.record.Next(now) {
		var done call.Done
		if done, p.err = p.do(*next.Step, now); p.err != nil {
			return
		}
		p.record.Done(*next.Step, done)
	}
	p.wait = next.Wait
}
