package kustomer

import (
	"cmp"
	"encoding/json"
	"net/url"
	"regexp"
	"slices"
	"strings"
)

const (
	mask           = "…"
	maxReasons     = 5
	maxReasonRunes = 300
)

// vendorError is one entry of errors[] in either documented shape. Its status, a number
// in one shape and a string in the other, is not read: the HTTP status counts.
type vendorError struct {
	Code    string `json:"code"`
	Title   string `json:"title"`
	Message string `json:"message"`
	Detail  string `json:"detail"`
	Source  struct {
		Pointer    string `json:"pointer"`
		Parameter  string `json:"parameter"`
		Parameters string `json:"parameters"`
	} `json:"source"`
	Meta struct {
		SubErrors []vendorError `json:"subErrors"` // which branch of a oneOf failed how
	} `json:"meta"`
}

// decodeReasons reads the body of a refusal. Kustomer's answers are recognised by their
// errors list, not by the Content-Type.
func decodeReasons(body []byte, scrub scrubber) (reasons []Reason, fromKustomer bool) {
	var envelope struct {
		Errors []vendorError `json:"errors"`
	}
	// Decoding continues after a field of an unexpected type, so the error is ignored.
	_ = json.Unmarshal(body, &envelope)
	return appendReasons(nil, envelope.Errors, scrub), len(envelope.Errors) > 0
}

func appendReasons(reasons []Reason, found []vendorError, scrub scrubber) []Reason {
	for _, e := range found {
		if len(reasons) == maxReasons {
			break
		}
		text := slices.DeleteFunc([]string{e.Title, e.Message, e.Detail}, func(s string) bool { return s == "" })
		reason := Reason{
			Code:  scrub.text(e.Code),
			Text:  scrub.text(strings.Join(slices.Compact(text), ": ")),
			Field: scrub.text(cmp.Or(e.Source.Pointer, e.Source.Parameter, e.Source.Parameters)),
		}
		if reason != (Reason{}) {
			reasons = append(reasons, reason)
		}
		reasons = appendReasons(reasons, e.Meta.SubErrors, scrub)
	}
	return reasons
}

var (
	email     = regexp.MustCompile(`[^\s"'<>@]+@[^\s"'<>@]+`)
	apiKeys   = regexp.MustCompile(`eyJ[\w.-]+`) // keys look like JWTs (developer site, Authentication)
	digits    = regexp.MustCompile(`\+?\d(?:[\s()./-]*\d){4,}`)
	word      = regexp.MustCompile(`[\p{L}\p{M}\p{N}_]+`)
	cutWord   = regexp.MustCompile(word.String() + `(?:…|\.{3})`) // the vendor may cut a value off within a word
	maskedRun = regexp.MustCompile(mask + `(?:[\s,.]*` + mask + `)+`)

	// Words of Kustomer's messages and pointers that identify no person, even if a note contains them.
	harmless = strings.Fields(`additional additionalProperties allowed and array character characters equal for
		format found have invalid items long longer match missing more must not number object one pattern
		properties property required should string than the too type valid value values with`)
)

// scrubber holds, in lower case, the words to remove from a vendor's text: every value of
// our request, because the vendor may quote it whole, shortened or in capitals. Field
// names stay, because an operator needs them.
type scrubber map[string]bool

func newScrubber(in call, body []byte) scrubber {
	var values, fields []string
	for _, value := range in.params {
		values = append(values, value, escape(value)) // the vendor may quote the URL
	}
	query, _ := url.ParseQuery(in.query)
	for _, value := range query {
		values = append(values, value[0], escape(value[0]))
	}
	var sent any
	_ = json.Unmarshal(body, &sent) // encoded by this package; without a body, sent is nil
	values, fields = collect(sent, values, fields)

	s := scrubber{}
	for _, w := range word.FindAllString(strings.Join(values, " "), -1) {
		// The length is in bytes, because a Chinese name may be one rune. Two suffice for Li or Ng.
		if len(w) >= 3 || len(w) == 2 && w[0] >= 'A' && w[0] <= 'Z' {
			s[strings.ToLower(w)] = true
		}
	}
	for _, field := range append(fields, harmless...) {
		delete(s, strings.ToLower(field))
	}
	return s
}

// collect returns the strings and the field names in a JSON value.
func collect(v any, values, fields []string) ([]string, []string) {
	switch v := v.(type) {
	case string:
		values = append(values, v)
	case []any:
		for _, item := range v {
			values, fields = collect(item, values, fields)
		}
	case map[string]any:
		for field, item := range v {
			values, fields = collect(item, values, append(fields, field))
		}
	}
	return values, fields
}

func (s scrubber) text(text string) string {
	text = cutWord.ReplaceAllString(text, mask)
	text = apiKeys.ReplaceAllString(text, mask)
	text = email.ReplaceAllString(text, mask)
	text = word.ReplaceAllStringFunc(text, func(w string) string {
		if s[strings.ToLower(w)] {
			return mask
		}
		return w
	})
	text = digits.ReplaceAllString(text, mask)
	text = maskedRun.ReplaceAllString(text, mask)
	if runes := []rune(text); len(runes) > maxReasonRunes {
		text = string(runes[:maxReasonRunes]) + mask
	}
	return text
}
