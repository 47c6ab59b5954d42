// Package phone reads and writes phone numbers.
package phone

import (
	"strings"
	"unicode"

	"github.com/nyaruka/phonenumbers"
)

// Number is a number that somebody can be called back at.
type Number struct{ parsed *phonenumbers.PhoneNumber }

// Parse reads a number as telephony systems write it. Country, two letters, is
// where numbers without a country code are at home; empty refuses to guess.
// Extensions and other internal numbers are no numbers to Parse.
func Parse(text, country string) (number Number, ok bool) {
	if strings.HasPrefix(text, "+") {
		// Possible is enough: number ranges are opened faster than metadata are updated.
		parsed, err := phonenumbers.Parse(text, "")
		ok := err == nil && phonenumbers.IsPossibleNumberWithReason(parsed) == phonenumbers.IS_POSSIBLE
		return Number{parsed}, ok
	}
	for _, read := range readings(text, country) {
		// A guess has to be a number that exists, or the extension 2001 would become somebody's +49 2001.
		if parsed, err := phonenumbers.Parse(read.number, read.country); err == nil && phonenumbers.IsValidNumber(parsed) {
			return Number{parsed}, true
		}
	}
	return Number{}, false
}

// Canonical is one way to write a number, whatever way systems or people write
// it: E.164, or without what separates its parts where nobody can be called at
// it, as at an extension.
func Canonical(text, country string) string {
	if parsed, ok := Parse(text, country); ok {
		return parsed.E164()
	}
	return bare(text)
}

// Spellings are all the ways in which [Canonical] may have written a number,
// knowing another country or none.
func Spellings(text, country string) []string {
	parsed, ok := Parse(text, country)
	if !ok {
		return []string{bare(text)}
	}
	digits := strings.TrimPrefix(parsed.E164(), "+")
	return []string{parsed.E164(), digits, "00" + digits, bare(parsed.National())}
}

func bare(text string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsSpace(r) || strings.ContainsRune("-/().", r) {
			return -1
		}
		return r
	}, text)
}

type reading struct{ number, country string }

// readings are what a number without a plus can mean, the likelier first:
// babelforce's API writes numbers with a country code both with and without
// the plus. Where national numbers begin with 0, one that does not is no national number.
func readings(digits, country string) []reading {
	national, international := reading{digits, country}, reading{"+" + digits, ""}
	if phonenumbers.GetNddPrefixForRegion(country, true) == "0" && !strings.HasPrefix(digits, "0") {
		return []reading{international, national}
	}
	return []reading{national, international}
}

// E164 is the number as systems exchange it: +493023125042.
func (n Number) E164() string { return phonenumbers.Format(n.parsed, phonenumbers.E164) }

// National is the number as people at home write it: 030 23125042.
func (n Number) National() string { return phonenumbers.Format(n.parsed, phonenumbers.NATIONAL) }

// International is the number as people abroad write it: +49 30 23125042.
func (n Number) International() string {
	return phonenumbers.Format(n.parsed, phonenumbers.INTERNATIONAL)
}

// IsCountry reports whether two letters are a country that numbers can be at home in.
func IsCountry(code string) bool { return phonenumbers.GetSupportedRegions()[code] }
