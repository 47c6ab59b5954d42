package activities

import (
	"context"

	"github.com/callthread/callthread/call"
	"github.com/callthread/callthread/kustomer"
	"github.com/callthread/callthread/phone"
)

// unknownCaller is the one customer to whom calls without a usable number
// belong: Kustomer wants a customer for every conversation.
var unknownCaller = kustomer.NewCustomer{Name: "Unknown caller", ExternalID: externalIDPrefix + "unknown-caller"}

// callingCustomer finds the customer who calls, or creates one.
// A number that Kustomer does not take costs no call its conversation.
func (a *Activities) callingCustomer(ctx context.Context, leg call.Leg, warn func(string, ...any)) (customer *kustomer.Customer, isNew bool, err error) {
	if number, ok := a.callerNumber(leg); ok {
		customer, isNew, err = a.customerWith(ctx, kustomer.NewCustomer{Phones: []kustomer.Phone{{Type: "mobile", Phone: number}}}, func() (*kustomer.Customer, error) {
			return a.kustomer.CustomerByPhone(ctx, number)
		})
		if !kustomer.IsKind(err, kustomer.Rejected) {
			return customer, isNew, err
		}
		warn("Kustomer does not take the caller's number: the conversation belongs to \"%s\"", unknownCaller.Name)
	}
	return a.customerWith(ctx, unknownCaller, func() (*kustomer.Customer, error) {
		return a.kustomer.CustomerByExternalID(ctx, unknownCaller.ExternalID)
	})
}

// customerWith finds a customer, or creates it.
func (a *Activities) customerWith(ctx context.Context, create kustomer.NewCustomer, find func() (*kustomer.Customer, error)) (customer *kustomer.Customer, isNew bool, err error) {
	customer, err = find()
	if !kustomer.IsKind(err, kustomer.NotFound) {
		return customer, false, err
	}
	customer, err = a.kustomer.CreateCustomer(ctx, create)
	if refused(err) {
		// Two first calls from one number race; the number is unique, so the loser finds the winner's customer.
		if other, findErr := find(); !kustomer.IsKind(findErr, kustomer.NotFound) {
			return other, false, findErr
		}
	}
	return customer, err == nil, err
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
