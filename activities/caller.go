package activities

import (
	"context"
	"errors"

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
	// decision says in words why it is theirs, and nothing about who they are.
	decision string
}

// The automations file wants an operator to say whose the conversation is.
var (
	errUnknown  = errors.New("no customer has the caller's number, and the automations file parks such calls: amend the customer")
	errWithheld = errors.New("the caller's number is withheld or internal, and the automations file parks such calls: amend the customer")
)

// callingCustomer decides whose conversation it is, as the automations file says.
func (a *Activities) callingCustomer(ctx context.Context, policies automation.Callers, leg call.Leg) (owner, error) {
	number, ok := a.callerNumber(leg)
	if !ok {
		if policies.Withheld == automation.ParkCall {
			return owner{}, errWithheld
		}
		return a.catchAll(ctx, policies, "the number is withheld or internal")
	}
	find := func() (*kustomer.Customer, error) { return a.kustomer.CustomerByPhone(ctx, number) }
	known, err := find()
	switch {
	case err == nil:
		return owner{id: known.ID, decision: "the customer with the caller's number"}, nil
	case kustomer.IsKind(err, kustomer.Rejected):
		return a.catchAll(ctx, policies, "Kustomer does not take the caller's number")
	case !kustomer.IsKind(err, kustomer.NotFound):
		return owner{}, err
	case policies.Unknown == automation.ParkCall:
		return owner{}, errUnknown
	case policies.Unknown == automation.UseCatchAll:
		return a.catchAll(ctx, policies, "no customer has the caller's number")
	}
	made, isNew, err := a.createCustomer(ctx, kustomer.NewCustomer{Phones: []kustomer.Phone{{Type: "mobile", Phone: number}}}, find)
	if kustomer.IsKind(err, kustomer.Rejected) { // which costs no call its conversation
		return a.catchAll(ctx, policies, "Kustomer does not take the caller's number")
	}
	if err != nil {
		return owner{}, err
	}
	return owner{made.ID, isNew, "a new customer, because none had the caller's number"}, nil
}

// catchAll is the customer to whom the conversations of nobody's customers belong.
func (a *Activities) catchAll(ctx context.Context, policies automation.Callers, because string) (owner, error) {
	decision := "the catch-all customer, because " + because
	if policies.CatchAll != "" {
		return owner{id: policies.CatchAll, decision: decision}, nil
	}
	find := func() (*kustomer.Customer, error) {
		return a.kustomer.CustomerByExternalID(ctx, unknownCaller.ExternalID)
	}
	customer, err := find()
	isNew := false
	if kustomer.IsKind(err, kustomer.NotFound) {
		customer, isNew, err = a.createCustomer(ctx, unknownCaller, find)
	}
	if err != nil {
		return owner{}, err
	}
	return owner{customer.ID, isNew, decision}, nil
}

// createCustomer creates a customer. Of two first calls that race for one the
// loser finds the winner's: numbers and external ids are unique.
func (a *Activities) createCustomer(ctx context.Context, customer kustomer.NewCustomer, find func() (*kustomer.Customer, error)) (made *kustomer.Customer, isNew bool, err error) {
	made, err = a.kustomer.CreateCustomer(ctx, customer)
	if refused(err) {
		if other, findErr := find(); !kustomer.IsKind(findErr, kustomer.NotFound) {
			return other, false, findErr
		}
	}
	return made, err == nil, err
}

// callerNumber returns the caller's number in E.164. Withheld and internal
// numbers are not the caller's own and would be refused by Kustomer.
func (a *Activities) callerNumber(leg call.Leg) (string, bool) {
	number, ok := phone.Parse(leg.From, a.country)
	if !ok || leg.Anonymous {
		return "", false
	}
	return number.E164(), true
}
