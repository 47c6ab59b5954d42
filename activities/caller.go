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
		if other, findErr := find(); !kustomer.IsKind(findErr, kustomer.NotFound) {
			return other, false, findErr
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
	if strings.HasPrefix(leg.From, "+") {
		// Possible is enough: number ranges are opened faster than metadata are updated.
		number, err := phonenumbers.Parse(leg.From, "")
		if err != nil || phonenumbers.IsPossibleNumberWithReason(number) != phonenumbers.IS_POSSIBLE {
			return "", false
		}
		return phonenumbers.Format(number, phonenumbers.E164), true
	}
	for _, read := range a.readings(leg.From) {
		// A guess has to be a number that exists, or the extension 2001 would become somebody's +49 2001.
		if number, err := phonenumbers.Parse(read.number, read.country); err == nil && phonenumbers.IsValidNumber(number) {
			return phonenumbers.Format(number, phonenumbers.E164), true
		}
	}
	return "", false
}

type reading struct{ number, country string }

// readings are what a number without a plus can mean, the likelier first:
// babelforce's API writes numbers with a country code both with and without
// the plus. Where national numbers begin with 0, one that does not is no national number.
func (a *Activities) readings(digits string) []reading {
	national, international := reading{digits, a.country}, reading{"+" + digits, ""}
	if phonenumbers.GetNddPrefixForRegion(a.country, true) == "0" && !strings.HasPrefix(digits, "0") {
		return []reading{international, national}
	}
	return []reading{national, international}
}
