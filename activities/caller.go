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

// unknownCaller is the customer of calls without a usable number, unless the automations
// file names another one. Kustomer requires a customer for every conversation.
var unknownCaller = kustomer.NewCustomer{Name: "Unknown caller", ExternalID: externalIDPrefix + "unknown-caller"}

// owner is the customer that a call's conversation belongs to.
type owner struct {
	id    string
	isNew bool
	// catchesAll says that calls of other people may belong to this customer too, because the
	// number did not lead to it.
	catchesAll bool
	// decision says why the call belongs to this customer, without personal data.
	decision string
	// warnings are messages for operators.
	warnings []string
}

// undecided says why an operator must choose the customer.
type undecided struct{ because string }

func (u undecided) Error() string { return u.because + ": amend the customer" }

// parks returns the error for a call that the automations file parks.
func parks(because string) error {
	return undecided{because + ", and the automations file parks such calls"}
}

// customerOf returns the customer that the automations file or an operator names. Otherwise
// the number decides.
func (a *Activities) customerOf(ctx context.Context, file *automation.Set, opening automation.Opening, facts call.Facts, amend *Amendment) (owner, error) {
	isAmended := amend != nil && amend.Customer != nil
	switch {
	case opening.Customer != "" && isAmended:
		return owner{id: opening.Customer, catchesAll: true, decision: "the customer that an operator named"}, nil
	case opening.Customer != "":
		return owner{id: opening.Customer, catchesAll: true, decision: "the customer that the automations file names"}, nil
	case isAmended && *amend.Customer != "":
		if _, err := phone.Parse(*amend.Customer, a.country); err != nil {
			return owner{}, undecided{"an operator named the customer's number, but " + err.Error()}
		}
	}
	return a.callingCustomer(ctx, file.Callers, facts)
}

// callingCustomer returns the customer of a call, according to the policies of the
// automations file: the caller of an inbound call, or the called person of an outbound
// call.
func (a *Activities) callingCustomer(ctx context.Context, policies automation.Callers, facts call.Facts) (owner, error) {
	which := "the caller's number"
	if facts.Outgoing {
		which = "the called number"
	}
	parsed, err := phone.Parse(facts.CustomersNumber(), a.country)
	if err != nil {
		return a.withoutNumber(ctx, policies, facts, err)
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
	find := func() ([]kustomer.Customer, error) { return a.customersWith(ctx, number) }
	made, isNew, err := a.createCustomer(ctx, kustomer.NewCustomer{Phones: []kustomer.Phone{{Type: "mobile", Phone: number}}}, find)
	switch {
	case kustomer.IsKind(err, kustomer.Rejected): // the call still gets a conversation
		return a.catchAll(ctx, policies, "Kustomer does not take "+which)
	case err != nil:
		return owner{}, err
	case !isNew:
		return a.knownCustomer(ctx, policies, made, which)
	}
	return owner{id: made[0].ID, isNew: true, decision: "a new customer, because none had " + which}, nil
}

// withoutNumber returns the customer if the call has no usable number. The reason is an
// error of [phone.Parse], or the number is not known yet.
func (a *Activities) withoutNumber(ctx context.Context, policies automation.Callers, facts call.Facts, reason error) (owner, error) {
	switch {
	case !facts.KnowsCustomer(): // the conversation moves when the number is reported
		return a.catchAll(ctx, policies, "no report contains the number so far")
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

// knownCustomer returns the customer who has the number. If several customers share it, the
// policies choose one.
func (a *Activities) knownCustomer(ctx context.Context, policies automation.Callers, known []kustomer.Customer, which string) (owner, error) {
	switch {
	case len(known) == 1:
		one := known[0].ID
		return owner{id: one, catchesAll: one == policies.CatchAll, decision: "the customer with " + which}, nil
	case policies.Shared == automation.ParkCall:
		return owner{}, parks("several customers share " + which)
	case policies.Shared == automation.UseOldest:
		// Kustomer's ids begin with their creation time (as MongoDB's do; inferred).
		oldest := slices.MinFunc(known, func(a, b kustomer.Customer) int { return strings.Compare(a.ID, b.ID) })
		return owner{id: oldest.ID, decision: "the oldest of the customers who share " + which}, nil
	}
	return a.catchAll(ctx, policies, "several customers share "+which)
}

// catchAll returns the customer for calls that belong to no other customer.
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

// createCustomer creates a customer. Numbers and external ids are unique: if two first
// calls create the same customer at once, the second one finds the first one's.
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

// customersWith finds the customers with a number of which Kustomer says that it is taken.
// Older customers may have it without the plus, as in the OpenAPI's examples; whether the
// look-up finds those by the number with the plus is not documented.
func (a *Activities) customersWith(ctx context.Context, number string) ([]kustomer.Customer, error) {
	found, err := a.kustomer.CustomersByPhone(ctx, number)
	if len(found) > 0 || err != nil {
		return found, err
	}
	return a.kustomer.CustomersByPhone(ctx, strings.TrimPrefix(number, "+"))
}

// inE164 returns the number in E.164 format, or "" if it cannot be called, such as an
// extension: Kustomer would refuse it.
func (a *Activities) inE164(number string) string {
	parsed, err := phone.Parse(number, a.country)
	if err != nil {
		return ""
	}
	return parsed.E164()
}

// callerHash returns the hash by which the customer's calls can be found.
func (a *Activities) callerHash(facts call.Facts) string {
	return a.CallerHash(phone.Canonical(facts.CustomersNumber(), a.country))
}
