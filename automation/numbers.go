package automation

import (
	"slices"
	"strings"

	"github.com/callthread/callthread/call"
	"github.com/callthread/callthread/phone"
)

// OwnNumber is the file's entry for one of the call centre's own numbers. It applies to calls to
// the number and to outbound calls from it.
type OwnNumber struct {
	Name   string
	TeamID string // the id of a Kustomer team; may be empty
	Tags   []string
}

// OwnNumbers are the call centre's own numbers. The keys are in the form of [phone.Canonical].
type OwnNumbers map[string]OwnNumber

// Ignore selects the calls that get no conversation.
type Ignore struct {
	// Callers are customers' numbers in the form of [phone.Canonical]. Prefixes are the beginnings
	// of customers' numbers in E.164.
	Callers, Prefixes []string
	// Internal selects internal numbers, and Withheld selects withheld numbers.
	Internal, Withheld bool
	// Called are the call centre's own numbers in the form of [phone.Canonical].
	Called []string
}

// Ignores reports whether the file's "ignore" selects the call, by the customer's number or by
// the call centre's own. A number that no report contains yet is not ignored.
func (s *Set) Ignores(facts call.Facts) bool {
	if s.Ignore.isEmpty() {
		return false
	}
	if own := ownNumber(facts); own != "" && slices.Contains(s.Ignore.Called, phone.Canonical(own, s.country)) {
		return true
	}
	return facts.KnowsCustomer() && s.Ignore.names(facts.CustomersNumber(), s.country)
}

func (i Ignore) isEmpty() bool {
	return len(i.Callers)+len(i.Prefixes)+len(i.Called) == 0 && !i.Internal && !i.Withheld
}

// names reports whether the file ignores a customer's number. An empty number is withheld.
func (i Ignore) names(number, country string) bool {
	if slices.Contains(i.Callers, phone.Canonical(number, country)) {
		return true
	}
	switch parsed, err := phone.Parse(number, country); err {
	case nil:
		return slices.ContainsFunc(i.Prefixes, func(prefix string) bool { return strings.HasPrefix(parsed.E164(), prefix) })
	case phone.ErrInternal:
		return i.Internal
	case phone.ErrWithheld:
		return i.Withheld
	}
	return false
}

// ownNumber returns the call centre's number: the called number of an inbound call, the calling
// number of an outbound call.
func ownNumber(facts call.Facts) string {
	if facts.Outgoing {
		return facts.Leg.From
	}
	return facts.Leg.To
}

// number returns the file's entry for the call centre's number in a call, or zero if the table
// does not contain it.
func (s *Set) number(facts call.Facts) OwnNumber {
	if len(s.Numbers) == 0 {
		return OwnNumber{}
	}
	return s.Numbers[phone.Canonical(ownNumber(facts), s.country)]
}

// teams returns the team ids of the numbers, sorted.
func (n OwnNumbers) teams() (ids []string) {
	for _, number := range n {
		if number.TeamID != "" {
			ids = union(ids, []string{number.TeamID})
		}
	}
	slices.Sort(ids)
	return ids
}
