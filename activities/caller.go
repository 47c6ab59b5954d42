package activities

import (
	"context"
	"strings"

	"github.com/nyaruka/phonenumbers"

	"github.com/callthread/callthread/call"
	"github.com/callthread/callthread/kustomer"
)

// unknownCaller is the one customer to whom calls without a usable number
// belong: Kustomer wants a customer for every conversation.
var unknownCaller = kustomer.NewCustomer{Name: "Unknown caller", ExternalID: externalIDPrefix + "unknown-caller"}

// callingCustomer finds the customer who calls, or creates one.
func (a *Activities) callingCustomer(ctx context.Context, leg call.Leg) (customer *kustomer.Customer, isNew bool, err error) {
	find := func() (*kustomer.Customer, error) {
		return a.kustomer.CustomerByExternalID(ctx, unknownCaller.ExternalID)
	}
	create := unknownCaller
	if number, ok := a.callerNumber(leg); ok {
		find = func() (*kustomer.Customer, error) { return a.kustomer.CustomerByPhone(ctx, number) }
		create = kustomer.NewCustomer{Phones: []kustomer.Phone{{Type: "mobile", Phone: number}}}
	}

	customer, err = find()
	if !kustomer.IsKind(err, kustomer.NotFound) {
		return customer, false, err
	}
	customer, err = a.kustomer.CreateCustomer(ctx, create)
	if refused(err) {
		// Two first calls from one number race; the number is unique, so the loser finds the winner's customer.
		if other, findErr := find(); findErr == nil {
			return other, false, nil
		}
	}
	return customer, err == nil, err
}

// callerNumber returns the caller's number in E.164. Withheld and internal
// numbers are not the caller's own and would be refused by Kustomer.
func (a *Activities) callerNumber(leg call.Leg) (string, bool) {
	if leg.Anonymous {
		return "", false
	}
	number, err := phonenumbers.Parse(leg.From, a.country)
	if err != nil && !strings.HasPrefix(leg.From, "+") {
		// babelforce's API writes numbers with a country code both with and without the plus.
		number, err = phonenumbers.Parse("+"+leg.From, "")
	}
	if err != nil || !phonenumbers.IsPossibleNumber(number) {
		return "", false
	}
	return phonenumbers.Format(number, phonenumbers.E164), true
}
