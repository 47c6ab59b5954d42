package automation

import (
	"cmp"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/callthread/callthread/call"
	"github.com/callthread/callthread/phone"
)

// locale is the time zone and country for which values are formatted.
type locale struct {
	zone    *time.Location
	country string
}

// format is a way to write a value, such as date in {call.dateCreated:date}.
type format struct {
	of    []Kind
	write func(value any, at locale) string
	// form rewrites a text in the format. It returns false if no value of the format has this meaning.
	form func(text string) (form string, ok bool)
}

// formats are the formats by name. A value that does not fit a format is written unchanged.
var formats = map[string]format{
	"date":          dated("2006-01-02"),
	"time":          dated("15:04"),
	"datetime":      dated("2006-01-02 15:04"),
	"unix":          {[]Kind{Instant}, func(value any, _ locale) string { return strconv.FormatInt(value.(time.Time).Unix(), 10) }, sized},
	"minutes":       {[]Kind{Seconds}, func(value any, _ locale) string { return inMinutes(value.(int)) }, minutesForm},
	"words":         {[]Kind{Seconds, Outcome}, inWords, wordsForm},
	"national":      number(phone.Number.National),
	"international": number(phone.Number.International),
	"e164":          number(phone.Number.E164),
	"last4":         last(4),
	"last3":         last(3),
	"last2":         last(2),
}

// FormatsOf returns the names of the formats for values of a kind, sorted.
func FormatsOf(kind Kind) (names []string) {
	for _, name := range slices.Sorted(maps.Keys(formats)) {
		if slices.Contains(formats[name].of, kind) {
			names = append(names, name)
		}
	}
	return names
}

// write returns a value as text, in the part's format.
func (p Part) write(value any, at locale) string {
	if p.Format != "" {
		return formats[p.Format].write(value, at)
	}
	return asText(value)
}

// dated writes a time in a layout of Go's package time.
func dated(layout string) format {
	return format{
		of:    []Kind{Instant},
		write: func(value any, at locale) string { return value.(time.Time).In(at.zone).Format(layout) },
		form: func(text string) (string, bool) {
			t, err := time.Parse(layout, text)
			return t.Format(layout), err == nil
		},
	}
}

func inMinutes(n int) string { return fmt.Sprintf("%d:%02d", n/60, n%60) }

func inWords(value any, _ locale) string {
	if became, isOutcome := value.(call.Outcome); isOutcome {
		return became.InWords()
	}
	return SecondsInWords(value.(int))
}

// SecondsInWords returns a duration in the format of notes, such as "1 min 35 s".
func SecondsInWords(n int) string {
	if n < 60 {
		return fmt.Sprintf("%d s", n)
	}
	return fmt.Sprintf("%d min %d s", n/60, n%60)
}

// number formats a phone number. Other text, such as an extension, stays unchanged.
func number(write func(phone.Number) string) format {
	format := ofNumbers(func(text, country string) string {
		if parsed, err := phone.Parse(text, country); err == nil {
			return write(parsed)
		}
		return text
	})
	format.form = func(text string) (string, bool) {
		if !strings.HasPrefix(text, "+") {
			return text, true // its meaning depends on the country and on what babelforce sends
		}
		return format.write(text, locale{}), true
	}
	return format
}

// last returns only the last digits, for notes that should not contain a whole number.
func last(n int) format {
	return ofNumbers(func(text, country string) string {
		digits := []rune(notDigits.ReplaceAllString(cmp.Or(phone.Canonical(text, country), text), ""))
		if len(digits) == 0 {
			return text
		}
		return string(digits[max(0, len(digits)-n):])
	})
}

func ofNumbers(write func(text, country string) string) format {
	return format{
		of:    []Kind{Phone},
		write: func(value any, at locale) string { return write(value.(string), at.country) },
		form:  func(text string) (string, bool) { return write(text, ""), true },
	}
}

var notDigits = regexp.MustCompile(`\P{Nd}`)
