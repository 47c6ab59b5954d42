package phone

import (
	"net/netip"
	"net/url"
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/nyaruka/phonenumbers"
)

// Texts around a number. The patterns apply after digits were converted to ASCII and
// invisible characters were removed.
var (
	// A name-addr in SIP: a name, the address in angle brackets, parameters (RFC 3261, section 25.1).
	inBrackets = regexp.MustCompile(`^[^<>]*<([^<>]*)>\s*(?:;[^<>]*)?$`)
	scheme     = regexp.MustCompile(`^(?i:tel|sips?):`)
	host       = regexp.MustCompile(`@[^\s@]+$`)
	// A name in quotes or brackets. It must have no digit, which could belong to the number.
	aside = regexp.MustCompile(`^"[^"\d]*"|^\p{Ps}[^\p{Ps}\p{Pe}\d]*\p{Pe}|\p{Ps}[^\p{Ps}\p{Pe}\d]*\p{Pe}$|"[^"\d]*"$`)
	// A local number is valid only in its context (RFC 3966, section 5.1.5), which may be
	// another country.
	context    = regexp.MustCompile(`(?i)^[^+]*;phone-context=\+`)
	parameters = regexp.MustCompile(`(?:;[A-Za-z][\w-]*(?:=[^;]*)?)+$`)
	extension  = regexp.MustCompile(`(?i)[\s,]*\bext(?:ension|n)?[\s.:]*\d+$`)
	// A whole number written as floating point.
	float = regexp.MustCompile(`^([1-9]\d+)\.0$`)
)

// read returns the number as sent: its ASCII digits, after a plus if it has one. No other
// character becomes a digit, and no digit is dropped. The text must consist of a number
// and separators.
func read(text string) (sent string, err error) {
	text = withoutAddress(visible(text))
	if !strings.ContainsFunc(text, unicode.IsDigit) {
		return "", ErrWithheld
	}
	text = withoutAsides(text)
	if _, notIP := netip.ParseAddr(text); notIP == nil {
		return "", ErrUnreadable
	}
	var digits strings.Builder
	last := ' '
	for _, r := range text {
		switch {
		case '0' <= r && r <= '9', r == '+' && digits.Len() == 0:
			digits.WriteRune(r)
		case !isSeparator(r), r == last && !unicode.IsSpace(r): // a repeated separator, as in 030 ----5042, hides digits
			return "", ErrUnreadable
		}
		last = r
	}
	if last < '0' || last > '9' {
		return "", ErrUnreadable
	}
	return digits.String(), nil
}

// visible removes invisible characters, such as direction marks, and converts plus and
// digits to ASCII.
func visible(text string) string {
	return strings.TrimSpace(strings.Map(func(r rune) rune {
		switch {
		case unicode.IsDigit(r):
			r, _ = utf8.DecodeRuneInString(phonenumbers.NormalizeDigitsOnly(string(r)))
		case r == '＋':
			return '+'
		case unicode.In(r, unicode.Cf, unicode.Variation_Selector, unicode.Other_Default_Ignorable_Code_Point),
			unicode.IsControl(r) && !unicode.IsSpace(r):
			return -1
		}
		return r
	}, text))
}

// withoutAddress returns the user part of a SIP address, or the number of a tel URI.
func withoutAddress(text string) string {
	if inside := inBrackets.FindStringSubmatch(text); inside != nil {
		text = strings.TrimSpace(inside[1])
	}
	text = host.ReplaceAllString(scheme.ReplaceAllString(text, ""), "")
	if unescaped, err := url.PathUnescape(text); err == nil {
		text = unescaped
	}
	if !context.MatchString(text) {
		text = parameters.ReplaceAllString(text, "")
	}
	return strings.TrimSpace(text)
}

// withoutAsides removes names and a marked extension.
func withoutAsides(text string) string {
	text = strings.TrimSpace(aside.ReplaceAllString(text, ""))
	text = strings.Trim(extension.ReplaceAllString(text, ""), ` "`)
	return float.ReplaceAllString(text, "$1")
}

// isSeparator reports whether a character separates the parts of a number.
func isSeparator(r rune) bool {
	return r == '\t' || unicode.In(r, unicode.Zs, unicode.Pd, unicode.Ps, unicode.Pe) || strings.ContainsRune("./．／−", r)
}
