package automation

import (
	"slices"
	"strings"

	"github.com/callthread/callthread/call"
	"github.com/callthread/callthread/phone"
)

// OwnNumber is one of the call centre's own: what the file says about calls to it, and
// about calls that are placed from it.
type OwnNumber struct {
	Name   string
	TeamID string // a Kustomer team; may be empty
	Tags   []string
}

// OwnNumbers are the call centre's own, by what [phone.Canonical] makes of each.
type OwnNumbers map[string]OwnNumber

// Ignore says which calls get no conversation.
type Ignore struct {
	// Callers are customers' numbers, as [phone.Canonical] writes them, and Prefixes
	// are how such numbers begin, in E.164.
	Callers, Prefixes []string
	// Internal is for internal numbers, and Withheld for callers who withhold theirs.
	Internal, Withheld bool
	// Called are numbers of the call centre's own, as [phone.Canonical] writes them.
	Called []string
}

// Ignores reports whether the file's "ignore" names the call: the customer's number or
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

// names reports whether a customer's number is one of those; empty is withheld.
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

// ownNumber is the call centre's number: the one that was called, or that a call was placed from.
func ownNumber(facts call.Facts) string {
	if facts.Outgoing {
		return facts.Leg.From
	}
	return facts.Leg.To
}

// number is what the file's table says about the call centre's number in a call, zero
// if it is not in the table.
func (s *Set) number(facts call.Facts) OwnNumber {
	if len(s.Numbers) == 0 {
		return OwnNumber{}
	}
	return s.Numbers[phone.Canonical(ownNumber(facts), s.country)]
}

// teams are those of the numbers, sorted.
func (n OwnNumbers) teams() (ids []string) {
	for _, number := range n {
		if number.TeamID != "" {
			ids = union(ids, []string{number.TeamID})
		}
	}
	slices.Sort(ids)
	return ids
}
