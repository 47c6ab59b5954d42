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

// vendorError is one entry of errors[] in either documented shape. The status
// inside, a number here and a string there, is left unread: HTTP's own counts.
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

// decodeReasons reads the body of a refusal. Whether it is one of Kustomer's is
// told by its errors list, not by the Content-Type.
func decodeReasons(body []byte, scrub scrubber) (reasons []Reason, fromKustomer bool) {
	var envelope struct {
		Errors []vendorError `json:"errors"`
	}
	// Decoding goes on after a field of an unexpected type, so its error is no reason to stop.
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
	apiKeys   = regexp.MustCompile(`eyJ[\w.-]+`) // they look like JWTs (developer site, Authentication)
	digits    = regexp.MustCompile(`\+?\d(?:[\s()./-]*\d){4,}`)
	word      = regexp.MustCompile(`[\p{L}\p{M}\p{N}_]+`)
	maskedRun = regexp.MustCompile(mask + `(?:[\s,.]*` + mask + `)+`)

	// Words of Kustomer's messages and pointers that name nobody, even when a note uses them too.
	harmless = strings.Fields(`additional additionalProperties allowed and array character characters equal for
		format found have invalid items long longer match missing more must not number object one pattern
		properties property required should string than the too type valid value values with`)
)

// scrubber holds, in lower case, the words to take out of a vendor's text: all
// that our request said, since the vendor may quote it whole, cut short or in
// capitals. Names of fields stay, they are what an operator needs.
type scrubber map[string]bool

func newScrubber(in call, body []byte) scrubber {
	var values, fields []string
	for _, value := range in.params {
		values = append(values, value, escape(value)) // as the vendor may quote the URL
	}
	query, _ := url.ParseQuery(in.query)
	for _, value := range query {
		values = append(values, value[0], escape(value[0]))
	}
	var sent any
	_ = json.Unmarshal(body, &sent) // our own encoding; no body leaves nil
	values, fields = collect(sent, values, fields)

	s := scrubber{}
	for _, w := range word.FindAllString(strings.Join(values, " "), -1) {
		// In bytes, as a Chinese name may be one rune; two are enough for Li or Ng.
		if len(w) >= 3 || len(w) == 2 && w[0] >= 'A' && w[0] <= 'Z' {
			s[strings.ToLower(w)] = true
		}
	}
	for _, field := range append(fields, harmless...) {
		delete(s, strings.ToLower(field))
	}
	return s
}

// collect walks a JSON value for its strings and its field names.
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
