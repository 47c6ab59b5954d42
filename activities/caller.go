package activities

import (
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/callthread/callthread/automation"
	"github.com/callthread/callthread/call"
	"github.com/callthread/callthread/kustomer"
	"github.com/callthread/callthread/phone"
)

// unknownCaller is the one customer to whom calls without a usable number
// belong, unless the automations file names another: Kustomer wants a customer
// for every conversation.
var unknownCaller = kustomer.NewCustomer{Name: "Unknown caller", ExternalID: externalIDPrefix + "unknown-caller"}

// owner is whose conversation a call's is.
type owner struct {
	id    string
	isNew bool
	// catchesAll says that calls of others, whoever they are, are theirs too.
	catchesAll bool
	// decision says in words why it is theirs, and nothing about who they are.
	decision string
	// warnings say what operators should look at.
	warnings []string
}

// undecided says why an operator has to decide whose the conversation is.
type undecided struct{ because string }

func (u undecided) Error() string { return u.because + ": amend the customer" }

// parks is for calls that the automations file parks.
func parks(because string) error {
	return undecided{because + ", and the automations file parks such calls"}
}

// callingCustomer decides whose conversation it is, as the automations file
// says: the caller's, or that of the one who was called.
func (a *Activities) callingCustomer(ctx context.Context, policies automation.Callers, facts call.Facts) (owner, error) {
	which := "the caller's number"
	if facts.Outgoing {
		which = "the called number"
	}
	parsed, err := phone.Parse(facts.CustomersNumber(), a.country)
	if err != nil {
		return a.numberless(ctx, policies, facts, err)
	}
	number := parsed.E164()
	known, err := a.kustomer.CustomersByPhone(ctx, number)
	switch {
	case kustomer.IsKind(err, kustomer.Rejected):
		return a.catchAll(ctx, policies, "Kustomer does not take "+which)
	case err != nil:
		return owner{}, err
	case len(known) > 0:
		return a.knownCustomer(ctx, policies, known, which)
	case policies.Unknown == automation.ParkCall:
		return owner{}, parks("no customer has " + which)
	case policies.Unknown == automation.UseCatchAll:
		return a.catchAll(ctx, policies, "no customer has "+which)
	}
	find := func() ([]kustomer.Customer, error) { return a.kustomer.CustomersByPhone(ctx, number) }
	made, isNew, err := a.createCustomer(ctx, kustomer.NewCustomer{Phones: []kustomer.Phone{{Type: "mobile", Phone: number}}}, find)
	switch {
	case kustomer.IsKind(err, kustomer.Rejected): // which costs no call its conversation
		return a.catchAll(ctx, policies, "Kustomer does not take "+which)
	case err != nil:
		return owner{}, err
	case !isNew:
		return a.knownCustomer(ctx, policies, made, which)
	}
	return owner{id: made[0].ID, isNew: true, decision: "a new customer, because none had " + which}, nil
}

// numberless decides whose it is where the customer has no number that can be
// called, for which the reason is one of the errors of [phone.Parse], or none is known yet.
func (a *Activities) numberless(ctx context.Context, policies automation.Callers, facts call.Facts, reason error) (owner, error) {
	switch {
	case !facts.KnowsCustomer(): // it moves when more is heard
		return a.catchAll(ctx, policies, "nothing heard so far tells the number")
	case policies.Withheld == automation.ParkCall:
		return owner{}, parks(reason.Error())
	}
	customer, err := a.catchAll(ctx, policies, reason.Error())
	switch {
	case errors.Is(reason, phone.ErrNoCountry):
		customer.warnings = []string{"no customer was looked up, because the number has no country code: start the workers with --country"}
	case errors.Is(reason, phone.ErrUnreadable):
		customer.warnings = []string{"no customer was looked up, because what babelforce sent cannot be read as a number"}
	}
	return customer, err
}

// knownCustomer is the one whose number it is, or which of several who share it the file says.
func (a *Activities) knownCustomer(ctx context.Context, policies automation.Callers, known []kustomer.Customer, which string) (owner, error) {
	switch {
	case len(known) == 1:
		one := known[0].ID
		return owner{id: one, catchesAll: one == policies.CatchAll, decision: "the customer with " + which}, nil
	case policies.Shared == automation.ParkCall:
		return owner{}, parks("several customers share " + which)
	case policies.Shared == automation.UseOldest:
		// Kustomer's ids begin with the time at which they were made (as MongoDB's do; inferred).
		oldest := slices.MinFunc(known, func(a, b kustomer.Customer) int { return strings.Compare(a.ID, b.ID) })
		return owner{id: oldest.ID, decision: "the oldest of the customers who share " + which}, nil
	}
	return a.catchAll(ctx, policies, "several customers share "+which)
}

// catchAll is the customer to whom the conversations of nobody's customers belong.
func (a *Activities) catchAll(ctx context.Context, policies automation.Callers, because string) (owner, error) {
	decision := "the catch-all customer, because " + because
	if policies.CatchAll != "" {
		return owner{id: policies.CatchAll, catchesAll: true, decision: decision}, nil
	}
	find := func() ([]kustomer.Customer, error) {
		found, err := a.kustomer.CustomerByExternalID(ctx, unknownCaller.ExternalID)
		if kustomer.IsKind(err, kustomer.NotFound) {
			return nil, nil
		}
		if err != nil {
			return nil, err
		}
		return []kustomer.Customer{*found}, nil
	}
	found, err := find()
	if err != nil {
		return owner{}, err
	}
	if len(found) > 0 {
		return owner{id: found[0].ID, catchesAll: true, decision: decision}, nil
	}
	made, isNew, err := a.createCustomer(ctx, unknownCaller, find)
	if err != nil {
		return owner{}, err
	}
	return owner{id: made[0].ID, isNew: isNew, catchesAll: true, decision: decision}, nil
}

// createCustomer creates a customer. Of two first calls that race for one the
// loser finds the winner's: numbers and external ids are unique.
func (a *Activities) createCustomer(ctx context.Context, customer kustomer.NewCustomer, find func() ([]kustomer.Customer, error)) (made []kustomer.Customer, isNew bool, err error) {
	created, err := a.kustomer.CreateCustomer(ctx, customer)
	if refused(err) {
		if others, findErr := find(); len(others) > 0 || findErr != nil {
			return others, false, findErr
		}
	}
	if err != nil {
		return nil, false, err
	}
	return []kustomer.Customer{*created}, true, nil
}

// inE164 is a number as systems exchange it. It is empty for one that nobody can
// be called at, such as an extension: Kustomer would refuse it.
func (a *Activities) inE164(number string) string {
	parsed, err := phone.Parse(number, a.country)
	if err != nil {
		return ""
	}
	return parsed.E164()
}

// callerHash is what the customer's calls can be found by.
func (a *Activities) callerHash(facts call.Facts) string {
	return a.CallerHash(phone.Canonical(facts.CustomersNumber(), a.country))
}
