package automation

import (
	"cmp"
	"errors"
	"fmt"
	"math"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

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
	"Num":  {text, instant, flag, phoneNo, outcome},
	"At":   {text, number, seconds, flag, phoneNo, outcome},
	"Bool": {text, number, seconds, instant, phoneNo, outcome},
	"Url":  {number, seconds, instant, flag, phoneNo, outcome},
}

// wrong says what no call can make right about an attribute whose template was
// written as this text, or nothing.
func (a attribute) wrong(written string) string {
	if literal, ok := a.template.isLiteral(); ok {
		return a.wrongLiteral("", literal)
	}
	if only := a.template.only(); only != nil {
		return cmp.Or(a.wrongPlaceholder(only, written), a.wrongLiteral("the default ", only.fallback))
	}
	return a.wrongMixture()
}

func (a attribute) wrongLiteral(what, literal string) string {
	if literal == "" {
		return "" // nothing given, nothing sent
	}
	if _, err := a.convert(literal); err != nil {
		return fmt.Sprintf("%s%q is not %v", what, literal, err)
	}
	return ""
}

// wrongPlaceholder is about a placeholder that is all there is to the value.
func (a attribute) wrongPlaceholder(only *part, written string) string {
	suffix, format := a.suffix(), formatName(written)
	switch {
	case format == "" && slices.Contains(cannotBe[suffix], only.placeholder.kind):
		return fmt.Sprintf("{%s} is %s, which %s cannot hold", only.name, only.placeholder.kind, typeNames[suffix])
	case format == "", suffix == "Num" && format == "unix": // seconds since 1970 are a number
		return ""
	case cannotBe[suffix] != nil:
		return fmt.Sprintf("a format makes {%s} text, which %s cannot hold", only.name, typeNames[suffix])
	}
	return ""
}

// wrongMixture is about text with placeholders in it.
func (a attribute) wrongMixture() string {
	switch a.suffix() {
	case "Num", "At", "Bool":
		return fmt.Sprintf("text around a placeholder makes it text, which %s cannot hold", typeNames[a.suffix()])
	case "Url":
		first := a.template[0]
		if first.placeholder == nil && !strings.HasPrefix(first.literal, "http://") && !strings.HasPrefix(first.literal, "https://") {
			return "an absolute URL begins with http:// or https://"
		}
	}
	return ""
}

var typeNames = map[string]string{"Num": "a Num attribute", "At": "an At attribute", "Bool": "a Bool attribute", "Url": "a Url attribute"}

// formatName is the format of a text that is one placeholder, with its braces or without.
func formatName(written string) string {
	if match := insidePattern.FindStringSubmatch(strings.TrimSuffix(strings.TrimPrefix(written, "{"), "}")); match != nil {
		return match[2]
	}
	return ""
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
