// Package phone reads and writes phone numbers.
//
// Reading is libphonenumber's; this package keeps from it what is not a number.
// libphonenumber is made to find numbers in what people type, and takes letters
// for the digits on their keys. What a telephone system sends is a number or
// none, and a wrong one makes a wrong customer. So the digits of a [Number] behind
// its country code are digits that were sent, one behind the other. What was sent
// in front of them is its country code, or an international or national prefix,
// which the country code replaces. There are two exceptions: the 15 that Argentina
// dials for its mobile phones is a 9 behind the country code, and a Mexican 1 is dropped.
package phone

import (
	"errors"
	"slices"
	"strconv"
	"strings"

	"github.com/nyaruka/phonenumbers"
)

// Why a text is no number that somebody can be called back at.
var (
	// ErrWithheld is for texts without any digit, such as "anonymous".
	ErrWithheld = errors.New("the number is withheld")
	// ErrInternal is for numbers of at most six digits, such as extensions.
	ErrInternal = errors.New("the number is internal")
	// ErrNoCountry is for numbers that are national in a country which is not known.
	ErrNoCountry = errors.New("the number has no country code")
	// ErrUnreadable is for everything else.
	ErrUnreadable = errors.New("the number cannot be read")
)

const (
	// maxInternal is how many digits an internal number has at most.
	maxInternal = 6
	// maxDigits of a number with its country code (E.164; Kustomer takes no more).
	maxDigits = 15
	// maxBare is how many digits a national number has at most where it begins
	// with no 0: more begin with a country code. Portugal's mobile numbers with
	// theirs would else be numbers of Italy.
	maxBare = 11
)

// Number is a number that somebody can be called back at.
type Number struct{ parsed *phonenumbers.PhoneNumber }

// Parse reads a number as telephone systems write it, alone or in a SIP address
// or tel URI. Country, two letters, is where numbers without a country code are
// at home; empty refuses to guess. The errors are the four above.
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

// readings are what a number can mean, the likelier first. A number that begins
// with a country code is never another country's.
func readings(sent, country string) []*phonenumbers.PhoneNumber {
	if strings.HasPrefix(sent, "+") {
		// Possible is enough: number ranges are opened faster than metadata are updated.
		return parse(sent, "", isPossible)
	}
	// A guess has to be a number that exists, or the extension 2001 would become somebody's +49 2001.
	isNational := func(parsed *phonenumbers.PhoneNumber) bool {
		return phonenumbers.IsValidNumber(parsed) && isDialled(parsed, sent, country)
	}
	// babelforce's API writes numbers with a country code both with and without the plus.
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

// isDialled reports whether a number without a plus is written as it is dialled
// in the country: with an international prefix, with the national prefix, or
// as people at home write it where they need none. All else begins with a country code.
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

// withoutMobilePrefix writes an old Mexican mobile number as the one that it is
// since August 2019, when the 1 behind the country code was given up (IFT; libphonenumber
// takes only the new form).
func withoutMobilePrefix(parsed *phonenumbers.PhoneNumber) {
	const mexico, first, last = 52, 1_00_0000_0000, 1_99_9999_9999
	isAbroad := parsed.GetCountryCodeSource() != phonenumbers.PhoneNumber_FROM_DEFAULT_COUNTRY
	if n := parsed.GetNationalNumber(); isAbroad && parsed.GetCountryCode() == mexico && first <= n && n <= last {
		parsed.NationalNumber = new(n - first)
	}
}

// isE164 reports whether a number can be called from abroad, and its E.164 form
// is read as the same number: from +49 00… the library would take a 0 each time.
func isE164(parsed *phonenumbers.PhoneNumber) bool {
	written := Number{parsed}.E164()
	again, err := phonenumbers.Parse(written, "")
	return err == nil && isPossible(again) && len(written) <= len("+")+maxDigits && Number{again}.E164() == written
}

// consistsOf reports whether the digits of a number, but its country code, were
// sent in that order. Argentina's mobile numbers have a 9 behind the country
// code that is not dialled at home.
func consistsOf(parsed *phonenumbers.PhoneNumber, sent string) bool {
	rest := phonenumbers.GetNationalSignificantNumber(parsed)
	rest = strings.TrimPrefix(rest, phonenumbers.GetCountryMobileToken(int(parsed.GetCountryCode())))
	for i := 0; i < len(sent) && rest != ""; i++ {
		rest = strings.TrimPrefix(rest, sent[i:i+1])
	}
	return rest == ""
}

// Canonical is one way to write a number, whatever way systems or people write
// it: E.164, or its digits where nobody can be called at it, as at an extension.
// It is empty for what is no number.
func Canonical(text, country string) string {
	if number, err := Parse(text, country); err == nil {
		return number.E164()
	}
	sent, _ := read(text)
	return strings.TrimPrefix(sent, "+")
}

// Spellings are all the ways in which [Canonical] may have written a number,
// knowing another country or none. The errors are those of [Parse], but for
// internal numbers, which have one spelling.
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

// E164 is the number as systems exchange it: +493023125042.
func (n Number) E164() string { return phonenumbers.Format(n.parsed, phonenumbers.E164) }

// National is the number as people at home write it: 030 23125042.
func (n Number) National() string {
	written := phonenumbers.Format(n.parsed, phonenumbers.NATIONAL)
	if consistsOf(n.parsed, phonenumbers.NormalizeDigitsOnly(written)) {
		return written
	}
	return n.International() // the library loses the area code of Argentina's mobile numbers
}

// International is the number as people abroad write it: +49 30 23125042.
func (n Number) International() string {
	return phonenumbers.Format(n.parsed, phonenumbers.INTERNATIONAL)
}

// IsCountry reports whether two letters are a country that numbers can be at home in.
func IsCountry(code string) bool { return phonenumbers.GetSupportedRegions()[code] }

// Prefix is how all numbers begin in E.164 that begin with these digits: +49900 for
// "+49 900", and for "0900" at home in DE. The errors are those of [Parse].
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
	if !isNational && dialled != code || rest == "" || dialled == "0" && strings.HasPrefix(rest, "0") { // the last dials abroad
		return "", ErrUnreadable
	}
	return "+" + code + rest, nil
}

// beginsNumbers reports whether the first digits behind a plus are a country code, or the
// beginning of one, and no 0 follows that is only dialled at home.
func beginsNumbers(sent string) bool {
	const longest = 3 // of country codes, of which none begins another
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
