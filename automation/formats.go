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

// locale is where people read what is written.
type locale struct {
	zone    *time.Location
	country string
}

// format writes a value in a way of its own: {call.dateCreated:date}.
type format struct {
	of    []kind
	write func(value any, at locale) string
}

// formats by name. What a value cannot be written as, it is written as it is.
var formats = map[string]format{
	"date":     {[]kind{instant}, layout("2006-01-02")},
	"time":     {[]kind{instant}, layout("15:04")},
	"datetime": {[]kind{instant}, layout("2006-01-02 15:04")},
	"unix": {[]kind{instant}, func(value any, _ locale) string {
		return strconv.FormatInt(value.(time.Time).Unix(), 10)
	}},
	"minutes": {[]kind{seconds}, func(value any, _ locale) string {
		return fmt.Sprintf("%d:%02d", value.(int)/60, value.(int)%60)
	}},
	"words": {[]kind{seconds, outcome}, func(value any, _ locale) string {
		if became, isOutcome := value.(call.Outcome); isOutcome {
			return became.InWords()
		}
		return SecondsInWords(value.(int))
	}},
	"national":      {[]kind{phoneNo}, phoneAs(phone.Number.National)},
	"international": {[]kind{phoneNo}, phoneAs(phone.Number.International)},
	"e164":          {[]kind{phoneNo}, phoneAs(phone.Number.E164)},
	"last4":         {[]kind{phoneNo}, last(4)},
	"last3":         {[]kind{phoneNo}, last(3)},
	"last2":         {[]kind{phoneNo}, last(2)},
}

// findFormat looks up a format for values of a kind.
func findFormat(name string, of kind) (func(any, locale) string, error) {
	var fitting []string
	for _, candidate := range slices.Sorted(maps.Keys(formats)) {
		if slices.Contains(formats[candidate].of, of) {
			fitting = append(fitting, candidate)
		}
	}
	if slices.Contains(fitting, name) {
		return formats[name].write, nil
	}
	if len(fitting) == 0 {
		return nil, fmt.Errorf("there are no formats for %s", of)
	}
	return nil, fmt.Errorf("format %q does not exist for %s: use %s", name, of, strings.Join(fitting, ", "))
}

func layout(layout string) func(any, locale) string {
	return func(value any, at locale) string { return value.(time.Time).In(at.zone).Format(layout) }
}

// SecondsInWords is a duration as notes have it.
func SecondsInWords(n int) string {
	if n < 60 {
		return fmt.Sprintf("%d s", n)
	}
	return fmt.Sprintf("%d min %d s", n/60, n%60)
}

func phoneAs(write func(phone.Number) string) func(any, locale) string {
	return func(value any, at locale) string {
		if number, err := phone.Parse(value.(string), at.country); err == nil {
			return write(number)
		}
		return value.(string)
	}
}

// last keeps the last digits, for notes that should not show a whole number.
func last(n int) func(any, locale) string {
	return func(value any, at locale) string {
		number := cmp.Or(phone.Canonical(value.(string), at.country), value.(string))
		digits := []rune(notDigits.ReplaceAllString(number, ""))
		if len(digits) == 0 {
			return value.(string)
		}
		return string(digits[max(0, len(digits)-n):])
	}
}

var notDigits = regexp.MustCompile(`\P{Nd}`)
