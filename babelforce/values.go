package babelforce

import (
	"math"
	"math/big"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
)

// absentWords are texts that other systems send for an absent value.
var absentWords = []string{"", "null", "NULL", "Null", "(null)", "<null>", "undefined", "None", "nil", "<nil>"}

// noIDs are texts, in lower case, that other systems send for an absent id.
var noIDs = []string{"none", "null", "nil", "undefined", "false", "n/a", "-", "-1"}

var (
	// placeholder matches a value that consists of one placeholder: {call.id} in
	// automations, {{x}} or {{{x}}} in babelforce's tasks, ${x} and %s in other systems. In
	// single braces, a dot is required, so that a text such as "{VIP}" is kept.
	placeholder = regexp.MustCompile(`^(\{[\w-]+(\.[\w-]+)+\}|\{\{[^{}]+\}\}|\{\{\{[^{}]+\}\}\}|[$#%@]\{[^{}]+\}|<%.*%>|` +
		`%(\d+\$)?[sdv]|%\([^()]+\)[sd]|%[\w.-]+%)$`)
	// inBrackets matches a bracketed text. It is not an id, but may be a placeholder of any kind.
	inBrackets = regexp.MustCompile(`^[$#%@]?(\{.*\}|\[.*\]|<.*>)$`)
	onlyZeros  = regexp.MustCompile(`^[0-]*0[0-]*$`) // includes the nil UUID
	uuid       = regexp.MustCompile(`^(?i)[0-9a-f]{8}(-?)[0-9a-f]{4}(-?)[0-9a-f]{4}(-?)[0-9a-f]{4}(-?)[0-9a-f]{12}$`)
)

// isAbsent reports whether a value counts as absent.
func isAbsent(value string) bool {
	return slices.Contains(absentWords, value) || placeholder.MatchString(value)
}

// isNoID reports whether a value stands for no id. If it were accepted as an id, unrelated
// calls would share it.
func isNoID(value string) bool {
	return slices.Contains(noIDs, strings.ToLower(value)) || onlyZeros.MatchString(value) || inBrackets.MatchString(value)
}

// isID reports whether a value can be an id. Ids appear in paths and in lines of text.
func isID(value string) bool {
	isForeign := func(r rune) bool { return !unicode.IsPrint(r) || strings.ContainsRune("/{}", r) }
	return len(value) <= maxID && !strings.ContainsFunc(value, isForeign)
}

var lineBreaks = strings.NewReplacer("\r\n", " ", "\n", " ", "\r", " ", "\t", " ", "\v", " ", "\f", " ", "\u0085", " ", "\u2028", " ", "\u2029", " ")

// oneLine removes line breaks, other control characters and direction marks from a value
// that will appear in names, notes and on terminals. A NUL would also block the call's
// workflow permanently, because PostgreSQL refuses it in a search attribute.
func oneLine(value string) string {
	return strings.TrimSpace(strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r) || r == '\uFEFF' {
			return -1
		}
		return r
	}, lineBreaks.Replace(value)))
}

// otherInteger matches a number in floating-point notation that may be an integer: 4.9e11.
var otherInteger = regexp.MustCompile(`^-?[0-9]{1,40}(\.[0-9]{1,40})?([eE][+-]?[0-9]{1,2})?$`)

// inDigits writes a JSON number that is an integer as all its digits, because phone numbers
// and ids are also sent as numbers.
func inDigits(number string) string {
	if !strings.ContainsAny(number, ".eE") || !otherInteger.MatchString(number) {
		return number
	}
	if exact, ok := new(big.Rat).SetString(number); ok && exact.IsInt() {
		return exact.Num().String()
	}
	return number
}

// maxDuration, a year in seconds, is far beyond any call. A larger value is a time or an error.
const maxDuration = 366 * 24 * 60 * 60

// decimal excludes what strconv accepts but no sender means: NaN, Inf, hex, and a minus,
// because no value can be negative.
var decimal = regexp.MustCompile(`^\+?[0-9]{1,20}(\.[0-9]{1,20})?([eE][+-]?[0-9]{1,3})?$`)

func parseNumber(value string) (float64, bool) {
	if !decimal.MatchString(value) {
		return 0, false
	}
	number, err := strconv.ParseFloat(value, 64)
	return number, err == nil
}

// A number from firstMillisecond on is in milliseconds: in seconds it would be after the
// year 5138, and in milliseconds it is after 1973.
const (
	firstMillisecond = 1e11
	lastMillisecond  = 1e14
)

// parseTime reads UNIX seconds, UNIX milliseconds and RFC 3339. It returns the zero time
// for 0, which some systems write for "never".
func parseTime(value string) (t time.Time, ok bool) {
	number, ok := parseNumber(value)
	switch {
	case !ok:
		return parseRFC3339(value)
	case number == 0:
		return time.Time{}, true
	case number < firstMillisecond:
		return time.UnixMicro(int64(math.Round(number * 1e6))).UTC(), true
	case number < lastMillisecond:
		return time.UnixMicro(int64(math.Round(number * 1e3))).UTC(), true
	}
	return time.Time{}, false
}

// looseTime matches RFC 3339 with common deviations: a space between date and time or
// before the zone, and a plus that a form has turned into a space.
var looseTime = regexp.MustCompile(`^(\d{4}-\d\d-\d\d)[Tt ](\d\d:\d\d:\d\d(?:[.,]\d+)?) *([Zz]|[+-]?\d\d(?::?\d\d)?)$`)

func parseRFC3339(value string) (time.Time, bool) {
	parts := looseTime.FindStringSubmatch(value)
	if parts == nil {
		return time.Time{}, false
	}
	date, clock, zone := parts[1], parts[2], strings.ToUpper(strings.Replace(parts[3], ":", "", 1))
	if zone[0] >= '0' && zone[0] <= '9' {
		zone = "+" + zone
	}
	for _, layout := range []string{"2006-01-02T15:04:05Z0700", "2006-01-02T15:04:05Z07"} {
		t, err := time.Parse(layout, date+"T"+clock+zone)
		// The range is the same as for numbers and excludes times that JSON cannot represent.
		if err == nil && t.Unix() >= 0 && t.Unix() < firstMillisecond {
			return t.UTC(), true
		}
	}
	return time.Time{}, false
}
