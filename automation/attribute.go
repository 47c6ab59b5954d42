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

// Attribute is a custom attribute of conversations and the template of its value.
type Attribute struct {
	Name     string
	Template Template
}

// suffixes are the endings of attribute names that state the attribute's type (developer site,
// "Custom attributes").
var suffixes = []string{"Num", "At", "Str", "Txt", "Bool", "Url"}

// Suffix returns the type suffix of the attribute's name, or "" if the name has none. The
// values of such an attribute are sent as text.
func (a Attribute) Suffix() string {
	for _, suffix := range suffixes {
		if strings.HasSuffix(a.Name, suffix) && len(a.Name) > len(suffix) {
			return suffix
		}
	}
	return ""
}

// The errors of Convert. Each text is the type that the value does not have.
var (
	errNoNumber = errors.New("a number")
	errNoTime   = errors.New("a time")
	errNoFlag   = errors.New("true or false")
	errNoURL    = errors.New("an absolute URL")
)

// Convert converts a value to the type of the attribute's suffix. The text of an error is the
// type that the value does not have, such as "a number". It never contains the value.
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

// toTime formats times like Kustomer: in UTC, with milliseconds.
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
