// Package phone parses and formats phone numbers with libphonenumber, but refuses texts
// that are not a number.
//
// libphonenumber is made to find numbers in what people type, and accepts letters for the
// digits on their keys. A telephone system sends either a number or none, and a wrong
// number creates a wrong customer. So the national digits of a [Number] were sent as
// digits, in this order and adjacent. The digits before them are the country code, or an
// international or national prefix, which the country code replaces. There are two
// exceptions: the 15 that Argentina dials for mobile phones becomes a 9 after the country
// code, and the 1 of old Mexican mobile numbers is dropped.
package phone

import (
	"errors"
	"slices"
	"strconv"
	"strings"

	"github.com/nyaruka/phonenumbers"
)

// Why a text is not a number that can be called back.
var (
	// ErrWithheld: the text has no digit, for example "anonymous".
	ErrWithheld = errors.New("the number is withheld")
	// ErrInternal: the number has at most six digits, for example an extension.
	ErrInternal = errors.New("the number is internal")
	// ErrNoCountry: the number is national and the country is unknown.
	ErrNoCountry = errors.New("the number has no country code")
	// ErrUnreadable: any other text.
	ErrUnreadable = errors.New("the number cannot be read")
)

const (
	// maxInternal is the largest number of digits of an internal number.
	maxInternal = 6
	// maxDigits is the largest number of digits including the country code (E.164;
	// Kustomer accepts no more).
	maxDigits = 15
	// maxBare is the largest number of digits of a national number that does not begin
	// with 0. A longer one begins with a country code. Otherwise Portugal's mobile numbers
	// with their country code would be read as Italian numbers.
	maxBare = 11
)

// Number is a phone number that can be called back.
type Number struct{ parsed *phonenumbers.PhoneNumber }

// Parse reads a number as telephone systems write it, alone or in a SIP address or tel
// URI. Country, two letters, is the country of numbers without a country code; if it is
// empty, Parse does not guess. Parse returns one of the four errors above.
func Parse(text, country string) (Number, error) {
	sent, err := read(text)
	if err != nil {
		return Number{}, err
	}
	for _, parsed := range readings(sent, country) {
		if isE164(parsed) && consistsOf(parsed, sent) {
			return Number{parsed}, nil
		}
	}
	switch digits := strings.TrimPrefix(sent, "+"); {
	case len(digits) <= maxInternal:
		return Number{}, ErrInternal
	case digits == sent && country == "" && len(digits) <= maxDigits:
		return Number{}, ErrNoCountry
	}
	return Number{}, ErrUnreadable
}

// readings returns the possible meanings of a number, the likeliest first. A number that
// begins with a country code is never read as another country's.
func readings(sent, country string) []*phonenumbers.PhoneNumber {
	if strings.HasPrefix(sent, "+") {
		// Possible suffices: new number ranges are in use before the metadata has them.
		return parse(sent, "", isPossible)
	}
	// A guess must be a valid number. Otherwise the extension 2001 would become +49 2001.
	isNational := func(parsed *phonenumbers.PhoneNumber) bool {
		return phonenumbers.IsValidNumber(parsed) && isDialled(parsed, sent, country)
	}
	// babelforce's API writes numbers with a country code with and without the plus.
	return slices.Concat(parse(sent, country, isNational), parse("+"+sent, "", phonenumbers.IsValidNumber))
}

func parse(number, country string, isGood func(*phonenumbers.PhoneNumber) bool) []*phonenumbers.PhoneNumber {
	parsed, err := phonenumbers.ParseAndKeepRawInput(number, country)
	if err != nil {
		return nil
	}
	withoutMobilePrefix(parsed)
	if !isGood(parsed) {
		return nil
	}
	return []*phonenumbers.PhoneNumber{parsed}
}

func isPossible(parsed *phonenumbers.PhoneNumber) bool {
	return phonenumbers.IsPossibleNumberWithReason(parsed) == phonenumbers.IS_POSSIBLE
}

// isDialled reports whether a number without a plus is written as it is dialled in the
// country: with an international prefix, with the national prefix, or without one if the
// country uses none. Any other number begins with a country code.
func isDialled(parsed *phonenumbers.PhoneNumber, sent, country string) bool {
	if parsed.GetCountryCodeSource() == phonenumbers.PhoneNumber_FROM_NUMBER_WITH_IDD {
		return true
	}
	prefix := phonenumbers.GetNddPrefixForRegion(country, true)
	if prefix != "" && strings.HasPrefix(sent, prefix) {
		return true
	}
	isBare := len(sent) <= maxBare || strings.HasPrefix(sent, "0")
	return isBare && phonenumbers.NormalizeDigitsOnly(Number{parsed}.National()) == sent
}

// withoutMobilePrefix converts an old Mexican mobile number to its form since August 2019,
// when the 1 after the country code was abolished (IFT; libphonenumber accepts only the
// new form).
func withoutMobilePrefix(parsed *phonenumbers.PhoneNumber) {
	const mexico, first, last = 52, 1_00_0000_0000, 1_99_9999_9999
	isAbroad := parsed.GetCountryCodeSource() != phonenumbers.PhoneNumber_FROM_DEFAULT_COUNTRY
	if n := parsed.GetNationalNumber(); isAbroad && parsed.GetCountryCode() == mexico && first <= n && n <= last {
		parsed.NationalNumber = new(n - first)
	}
}

// isE164 reports whether a number can be called from abroad and whether its E.164 form
// parses to the same number. From +49 00…, the library would drop one 0 per parse.
func isE164(parsed *phonenumbers.PhoneNumber) bool {
	written := Number{parsed}.E164()
	again, err := phonenumbers.Parse(written, "")
	return err == nil && isPossible(again) && len(written) <= len("+")+maxDigits && Number{again}.E164() == written
}

// consistsOf reports whether the national digits of a number were sent in this order. The
// 9 after the country code of Argentina's mobile numbers is not dialled nationally, so it
// is ignored.
func consistsOf(parsed *phonenumbers.PhoneNumber, sent string) bool {
	rest := phonenumbers.GetNationalSignificantNumber(parsed)
	rest = strings.TrimPrefix(rest, phonenumbers.GetCountryMobileToken(int(parsed.GetCountryCode())))
	for i := 0; i < len(sent) && rest != ""; i++ {
		rest = strings.TrimPrefix(rest, sent[i:i+1])
	}
	return rest == ""
}

// Canonical returns the same text for all spellings of a number: E.164, or the digits of
// a number that cannot be called back, such as an extension. It is empty if the text is
// not a number.
func Canonical(text, country string) string {
	if number, err := Parse(text, country); err == nil {
		return number.E164()
	}
	sent, _ := read(text)
	return strings.TrimPrefix(sent, "+")
}

// Spellings returns all texts that [Canonical] may have returned for a number, with
// another country or none. It returns the errors of [Parse], except for internal numbers,
// which have one spelling.
func Spellings(text, country string) ([]string, error) {
	number, err := Parse(text, country)
	if errors.Is(err, ErrInternal) {
		return []string{Canonical(text, country)}, nil
	}
	if err != nil {
		return nil, err
	}
	national := phonenumbers.GetNationalSignificantNumber(number.parsed)
	code := strconv.Itoa(int(number.parsed.GetCountryCode()))
	return []string{
		number.E164(), code + national, "00" + code + national,
		phonenumbers.NormalizeDigitsOnly(number.National()), national,
	}, nil
}

// E164 formats the number for other systems: +493023125042.
func (n Number) E164() string { return phonenumbers.Format(n.parsed, phonenumbers.E164) }

// National formats the number for readers in its country: 030 23125042.
func (n Number) National() string {
	written := phonenumbers.Format(n.parsed, phonenumbers.NATIONAL)
	if consistsOf(n.parsed, phonenumbers.NormalizeDigitsOnly(written)) {
		return written
	}
	return n.International() // the library drops the area code of Argentina's mobile numbers
}

// International formats the number for readers abroad: +49 30 23125042.
func (n Number) International() string {
	return phonenumbers.Format(n.parsed, phonenumbers.INTERNATIONAL)
}

// IsCountry reports whether code is a country that Parse accepts, as two capital letters.
func IsCountry(code string) bool { return phonenumbers.GetSupportedRegions()[code] }

// Prefix returns the E.164 prefix of all numbers that begin with these digits: +49900 for
// "+49 900", and for "0900" in DE. It returns the errors of [Parse].
func Prefix(text, country string) (string, error) {
	sent, err := read(text)
	switch {
	case err != nil:
		return "", err
	case strings.HasPrefix(sent, "+") && beginsNumbers(sent):
		return sent, nil
	case strings.HasPrefix(sent, "+"):
		return "", ErrUnreadable
	case country == "":
		return "", ErrNoCountry
	}
	code := strconv.Itoa(phonenumbers.GetCountryCodeForRegion(country))
	dialled := phonenumbers.GetNddPrefixForRegion(country, true)
	rest, isNational := strings.CutPrefix(sent, dialled)
	if !isNational && dialled != code || rest == "" || dialled == "0" && strings.HasPrefix(rest, "0") { // 00 dials abroad
		return "", ErrUnreadable
	}
	return "+" + code + rest, nil
}

// beginsNumbers reports whether the digits after a plus begin with a country code or part
// of one. A national prefix of 0 must not follow the country code.
func beginsNumbers(sent string) bool {
	const longest = 3 // digits of a country code; no country code is a prefix of another
	digits := sent[1:]
	for n := 1; n <= min(longest, len(digits)); n++ {
		code, _ := strconv.Atoi(digits[:n])
		if region := phonenumbers.GetRegionCodeForCountryCode(code); region != phonenumbers.UNKNOWN_REGION {
			dialled := phonenumbers.GetNddPrefixForRegion(region, true)
			return dialled != "0" || !strings.HasPrefix(digits[n:], dialled)
		}
	}
	return len(digits) < longest && !strings.HasPrefix(digits, "0")
}
