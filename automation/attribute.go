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

// Attribute is a custom attribute of conversations, with the value to give it.
type Attribute struct {
	Name     string
	Template Template
}

// suffixes of attribute names, which say the attribute's type (developer site, "Custom attributes").
var suffixes = []string{"Num", "At", "Str", "Txt", "Bool", "Url"}

// Suffix is the attribute's type, or "" for those whose values are passed on as text.
func (a Attribute) Suffix() string {
	for _, suffix := range suffixes {
		if strings.HasSuffix(a.Name, suffix) && len(a.Name) > len(suffix) {
			return suffix
		}
	}
	return ""
}

// The errors of Convert, each what the value is not.
var (
	errNoNumber = errors.New("a number")
	errNoTime   = errors.New("a time")
	errNoFlag   = errors.New("true or false")
	errNoURL    = errors.New("an absolute URL")
)

// Convert makes of a value what the suffix asks for. The error is what the
// value is not, without the value: "a number".
func (a Attribute) Convert(value any) (any, error) {
	switch a.Suffix() {
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
		return cut(asText(value), MaxText), nil
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
