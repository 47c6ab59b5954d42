package automation

import (
	"errors"
	"math"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

// maxTextLength of Str and Txt attributes, in characters (babelforce's Kustomer article; OpenAPI).
const maxTextLength = 1024

// attribute is a custom attribute of conversations, with the value to give it.
type attribute struct {
	name     string
	template template
}

// suffixes of attribute names, which say the attribute's type (developer site, "Custom attributes").
var suffixes = []string{"Num", "At", "Str", "Txt", "Bool", "Url"}

// suffix is the attribute's type, or "" for those whose values are passed on as text.
func (a attribute) suffix() string {
	for _, suffix := range suffixes {
		if strings.HasSuffix(a.name, suffix) && len(a.name) > len(suffix) {
			return suffix
		}
	}
	return ""
}

// cannotBe are the kinds of placeholders that never make a value of the suffix's type.
var cannotBe = map[string][]kind{
	"Num":  {text, instant, flag, phoneNo},
	"At":   {text, number, seconds, flag, phoneNo},
	"Bool": {text, number, seconds, instant, phoneNo},
	"Url":  {number, seconds, instant, flag, phoneNo},
}

// The errors of convert, each what the value is not.
var (
	errNoNumber = errors.New("a number")
	errNoTime   = errors.New("a time")
	errNoFlag   = errors.New("true or false")
	errNoURL    = errors.New("an absolute URL")
)

// convert makes of a value what the suffix asks for.
func (a attribute) convert(value any) (any, error) {
	switch a.suffix() {
	case "Num":
		return toNumber(value)
	case "At":
		return toTime(value)
	case "Bool":
		return toFlag(value)
	case "Url":
		address, err := url.Parse(asText(value))
		if err != nil || !slices.Contains([]string{"http", "https"}, address.Scheme) || address.Host == "" {
			return nil, errNoURL
		}
		return address.String(), nil
	default:
		return cut(asText(value), maxTextLength), nil
	}
}

func toNumber(value any) (any, error) {
	switch v := value.(type) {
	case int, float64:
		return v, nil
	case string:
		n, err := strconv.ParseFloat(strings.TrimSpace(v), 64)
		if err != nil || math.IsInf(n, 0) || math.IsNaN(n) {
			return nil, errNoNumber
		}
		return n, nil
	}
	return nil, errNoNumber
}

// toTime writes times as Kustomer does: in UTC, with milliseconds.
func toTime(value any) (any, error) {
	t, isTime := value.(time.Time)
	if s, isText := value.(string); isText {
		parsed, err := time.Parse(time.RFC3339, strings.TrimSpace(s))
		t, isTime = parsed, err == nil
	}
	if !isTime {
		return nil, errNoTime
	}
	return t.UTC().Format("2006-01-02T15:04:05.000Z"), nil
}

func toFlag(value any) (any, error) {
	switch v := value.(type) {
	case bool:
		return v, nil
	case string:
		if b, err := strconv.ParseBool(strings.ToLower(strings.TrimSpace(v))); err == nil {
			return b, nil
		}
	}
	return nil, errNoFlag
}
