package sandbox

import (
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"net/url"
	"regexp"
	"slices"
	"time"
	"unicode/utf16"
)

// violation is one violated rule as in the vendor's recorded 400: the parameter, a title,
// and the path of the rule within the schema.
type violation struct {
	parameter, title, path string
}

// rule checks one decoded JSON value. The rules below are the JSON Schema rules that the
// vendor's OpenAPI uses. Their titles are inferred from the one recorded title.
type rule func(v any) *violation

func broken(path, format string, args ...any) *violation {
	return &violation{title: fmt.Sprintf(format, args...), path: path}
}

// text limits the length in UTF-16 code units, of which an emoji has two. This is inferred:
// recorded refusals have the messages of the validator tv4, which compares the length of
// JavaScript's strings.
func text(least, most int) rule {
	return func(v any) *violation {
		s, ok := v.(string)
		switch n := len(utf16.Encode([]rune(s))); {
		case !ok:
			return broken("/type", "Invalid type (expected string)")
		case n < least:
			return broken("/minLength", "String is too short (%d chars), minimum %d", n, least)
		case n > most:
			return broken("/maxLength", "String is too long (%d chars), maximum %d", n, most)
		}
		return nil
	}
}

// matching requires a pattern. Its violation names the format and never the value.
func matching(format string, pattern *regexp.Regexp) rule {
	return formatted(format, pattern.MatchString)
}

func formatted(format string, valid func(string) bool) rule {
	return func(v any) *violation {
		if s, ok := v.(string); !ok || !valid(s) {
			return broken("/format", "Format validation failed (expected %s)", format)
		}
		return nil
	}
}

func enum(values ...string) rule {
	return func(v any) *violation {
		if s, ok := v.(string); !ok || !slices.Contains(values, s) {
			return broken("/enum", "No enum match (expected one of %v)", values)
		}
		return nil
	}
}

func number(v any) *violation {
	if _, ok := v.(float64); !ok {
		return broken("/type", "Invalid type (expected number)")
	}
	return nil
}

func boolean(v any) *violation {
	if _, ok := v.(bool); !ok {
		return broken("/type", "Invalid type (expected boolean)")
	}
	return nil
}

func integer(least, most float64) rule {
	return func(v any) *violation {
		n, ok := v.(float64)
		switch {
		case !ok || n != math.Trunc(n):
			return broken("/type", "Invalid type (expected integer)")
		case n < least:
			return broken("/minimum", "Value is less than minimum %v", least)
		case n > most:
			return broken("/maximum", "Value is greater than maximum %v", most)
		}
		return nil
	}
}

func nullable(r rule) rule {
	return func(v any) *violation {
		if v == nil {
			return nil
		}
		return r(v)
	}
}

// list allows at most this number of items, no two of them equal.
func list(most int, item rule) rule {
	return func(v any) *violation {
		items, ok := v.([]any)
		switch {
		case !ok:
			return broken("/type", "Invalid type (expected array)")
		case len(items) > most:
			return broken("/maxItems", "Array is too long (%d), maximum %d", len(items), most)
		}
		seen := map[string]bool{}
		for _, it := range items {
			if broke := item(it); broke != nil {
				broke.path = "/items" + broke.path
				return broke
			}
			encoded, _ := json.Marshal(it) // decoded from JSON, so it cannot fail
			if seen[string(encoded)] {
				return broken("/uniqueItems", "Array items are not unique")
			}
			seen[string(encoded)] = true
		}
		return nil
	}
}

// anyObject allows at most this number of properties of any kind; 0 means no limit.
func anyObject(most int) rule {
	return func(v any) *violation {
		body, ok := v.(object)
		switch {
		case !ok:
			return broken("/type", "Invalid type (expected object)")
		case most > 0 && len(body) > most:
			return broken("/maxProperties", "Too many properties defined, %d", len(body))
		}
		return nil
	}
}

// shape is an object with additionalProperties: false.
type shape struct {
	fields     map[string]rule
	required   []string
	unmodelled []string // in the vendor's schema, but not used by the sandbox
	most       int      // number of properties; 0 means no limit
}

func (sh shape) check(v any) *violation {
	if broke := anyObject(sh.most)(v); broke != nil {
		return broke
	}
	body := v.(object)
	for _, name := range sh.required {
		if _, has := body[name]; !has {
			return &violation{name, "Missing required property: " + name, "/required"}
		}
	}
	for _, name := range slices.Sorted(maps.Keys(body)) {
		if broke := sh.checkField(name, body[name]); broke != nil {
			return broke
		}
	}
	return nil
}

func (sh shape) checkField(name string, v any) *violation {
	// Accepting such a field without effect would be worse than refusing it.
	if slices.Contains(sh.unmodelled, name) {
		return &violation{name, "Known to Kustomer, but not modelled by the sandbox", "/properties/" + name}
	}
	r, known := sh.fields[name]
	if !known {
		return &violation{name, "Additional properties not allowed", "/additionalProperties"}
	}
	broke := r(v)
	if broke == nil {
		return nil
	}
	broke.path = "/properties/" + name + broke.path
	if broke.parameter == "" {
		broke.parameter = name
	}
	return broke
}

func isDateTime(s string) bool {
	_, err := time.Parse(time.RFC3339Nano, s)
	return err == nil
}

func isURI(s string) bool {
	u, err := url.Parse(s)
	return err == nil && u.IsAbs() && (u.Host != "" || u.Opaque != "" || u.Path != "")
}
