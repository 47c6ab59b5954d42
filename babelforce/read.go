package babelforce

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/url"
	"strconv"
	"strings"
)

// A putFunc receives the scalar fields of a body by dotted name, in the order
// in which they stand there; null is "".
type putFunc func(name, value string) error

func readJSON(body []byte, put putFunc) error {
	// Validated first, because a token stream alone lets some broken bodies pass.
	if !json.Valid(body) {
		return &DecodeError{Kind: ErrUnreadable, Problem: "the body is not valid JSON"}
	}
	if body[0] != '{' {
		return &DecodeError{Kind: ErrUnreadable, Problem: "the body is not a JSON object"}
	}
	// Token by token, not into a map: repeated keys keep their order, and
	// numbers their digits.
	r := jsonReader{dec: json.NewDecoder(bytes.NewReader(body)), put: put}
	r.dec.UseNumber()
	return r.value("", 0)
}

type jsonReader struct {
	dec *json.Decoder
	put putFunc
}

// value reads the next value, which stands under name, inside depth others.
func (r jsonReader) value(name string, depth int) error {
	token, err := r.dec.Token()
	if err != nil {
		return &DecodeError{Kind: ErrUnreadable, Problem: "the body is not valid JSON"}
	}
	switch v := token.(type) {
	case json.Delim:
		if depth == maxDepth {
			return malformed("", fmt.Sprintf("nested deeper than %d levels", maxDepth))
		}
		return r.members(name, depth, v == '[')
	case string:
		return r.put(name, v)
	case json.Number:
		return r.put(name, v.String())
	case bool:
		return r.put(name, strconv.FormatBool(v))
	default:
		return r.put(name, "")
	}
}

// members reads the rest of an object or list; a list's keys are its indices.
func (r jsonReader) members(name string, depth int, isList bool) error {
	for i := 0; r.dec.More(); i++ {
		key := strconv.Itoa(i)
		if !isList {
			token, err := r.dec.Token()
			if err != nil {
				return &DecodeError{Kind: ErrUnreadable, Problem: "the body is not valid JSON"}
			}
			key, _ = token.(string) // in a valid object every key is a string
		}
		if err := checkKey(key); err != nil {
			return err
		}
		if name != "" {
			key = name + "." + key
		}
		if err := r.value(key, depth+1); err != nil {
			return err
		}
	}
	_, err := r.dec.Token() // the closing bracket
	return err
}

func readForm(body []byte, put putFunc) error {
	// Not url.ParseQuery: its map forgets the order of the fields.
	for pair := range strings.SplitSeq(string(body), "&") {
		rawKey, rawValue, _ := strings.Cut(pair, "=")
		key, errKey := url.QueryUnescape(rawKey)
		value, errValue := url.QueryUnescape(keepPlus(rawValue))
		if errKey != nil || errValue != nil {
			return &DecodeError{Kind: ErrUnreadable, Problem: "the form is not URL-encoded"}
		}
		if key == "" {
			continue
		}
		if err := checkKey(key); err != nil {
			return err
		}
		// JSON texts are always valid UTF-8 once decoded; a form's need not be.
		if err := put(strings.ToValidUTF8(key, "\uFFFD"), strings.ToValidUTF8(value, "\uFFFD")); err != nil {
			return err
		}
	}
	return nil
}

// keepPlus saves the plus of a phone number that the sender did not escape:
// it stands for a space, but no value of ours starts with one.
func keepPlus(rawValue string) string {
	if len(rawValue) > 1 && rawValue[0] == '+' && '0' <= rawValue[1] && rawValue[1] <= '9' {
		return "%2B" + rawValue[1:]
	}
	return rawValue
}

// checkKey bounds names, which grow with every level of nesting.
func checkKey(key string) error {
	if len(key) > maxName {
		return malformed("", fmt.Sprintf("the name of a field is longer than %d bytes", maxName))
	}
	return nil
}
