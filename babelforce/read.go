package babelforce

import (
	"bytes"
	"encoding/json"
	"mime"
	"net/url"
	"regexp"
	"strconv"
	"strings"

	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/htmlindex"
)

// unreadable replaces bytes of the body that are invalid in its character set. It is a
// noncharacter, so no text contains it.
const unreadable = "\uFDD0"

var (
	errNotJSON = &DecodeError{Kind: ErrUnreadable, Problem: "the body is not valid JSON"}
	byteOrder  = []byte("\uFEFF") // some senders put it before a text
)

func (d *draft) read(contentType string, body []byte) error {
	// The error is ignored: after a bad parameter the media type is still readable, and a
	// missing media type is refused below.
	media, parameters, _ := mime.ParseMediaType(contentType)
	charset, known := charsetNamed(parameters["charset"])
	if !known {
		return &DecodeError{Kind: ErrContentType, Problem: "its character set is not known: send UTF-8"}
	}
	if after, marked := bytes.CutPrefix(body, byteOrder); marked {
		body, charset = after, nil
	}
	body = bytes.TrimSpace(body)
	isJSON := media == "application/json" || strings.HasSuffix(media, "+json")
	isForm := media == "application/x-www-form-urlencoded"
	// Some senders, such as curl -d, label JSON as a form. No form starts with a brace.
	looksLikeJSON := bytes.HasPrefix(body, []byte("{"))
	switch {
	case looksLikeJSON && (isJSON || isForm || contentType == ""):
		return d.readJSON([]byte(inUTF8(charset, string(body))))
	case isJSON && json.Valid(body):
		return &DecodeError{Kind: ErrUnreadable, Problem: "the body is not a JSON object"}
	case isJSON:
		return errNotJSON
	case contentType == "" && len(body) == 0:
		return &DecodeError{Kind: ErrUnreadable, Problem: "the body is empty"}
	case isForm, contentType == "":
		if d.readForm(string(body), charset); isForm || d.known > 0 {
			return nil
		}
	}
	return &DecodeError{Kind: ErrContentType, Problem: "send application/json or application/x-www-form-urlencoded"}
}

// charsetNamed returns the character set of this name, nil for UTF-8. Only UTF-8 and
// single-byte sets that extend ASCII are known.
func charsetNamed(name string) (charset *charmap.Charmap, known bool) {
	if name == "" {
		return nil, true
	}
	found, err := htmlindex.Get(name)
	if err != nil {
		return nil, false
	}
	if charset, known = found.(*charmap.Charmap); known {
		return charset, true
	}
	canonical, err := htmlindex.Name(found)
	return nil, err == nil && canonical == "utf-8"
}

// inUTF8 converts a text to UTF-8 and marks its unreadable parts.
func inUTF8(charset *charmap.Charmap, text string) string {
	if charset == nil {
		return strings.ToValidUTF8(text, unreadable)
	}
	converted, err := charset.NewDecoder().String(text)
	if err != nil {
		return unreadable
	}
	return strings.ReplaceAll(converted, "\uFFFD", unreadable)
}

func (d *draft) readJSON(body []byte) error {
	// A token stream alone accepts some invalid bodies, so validate first.
	if !json.Valid(body) {
		return errNotJSON
	}
	// Tokens, unlike a map, keep the order of repeated keys and the digits of numbers.
	r := jsonReader{dec: json.NewDecoder(bytes.NewReader(body)), draft: d}
	r.dec.UseNumber()
	return r.value("", 0)
}

type jsonReader struct {
	dec   *json.Decoder
	draft *draft
}

// value reads the next value. It has this name, and depth is its nesting level.
func (r jsonReader) value(name string, depth int) error {
	token, err := r.dec.Token()
	if err != nil {
		return errNotJSON
	}
	switch v := token.(type) {
	case json.Delim:
		if depth == maxDepth {
			r.draft.ignore(name)
			return r.skip()
		}
		return r.nested(name, depth, v == '[')
	case string:
		r.draft.put(name, v)
	case json.Number:
		r.draft.put(name, inDigits(v.String()))
	case bool:
		r.draft.put(name, strconv.FormatBool(v))
	default:
		r.draft.put(name, "")
	}
	return nil
}

// nested reads an object or list. If a known field is an object or list that contains
// values but no known field, the field is unreadable.
func (r jsonReader) nested(name string, depth int, isList bool) error {
	scalars, known := r.draft.scalars, r.draft.known
	err := r.members(name, depth, isList)
	if _, isKnown := knownFields[name]; isKnown && r.draft.scalars > scalars && r.draft.known == known {
		r.draft.ignore(name)
	}
	return err
}

// members reads the rest of an object or list. The keys of a list are its indices.
func (r jsonReader) members(name string, depth int, isList bool) error {
	for i := 0; r.dec.More(); i++ {
		key := strconv.Itoa(i)
		if !isList {
			token, err := r.dec.Token()
			if err != nil {
				return errNotJSON
			}
			key, _ = token.(string) // in valid JSON, every key is a string
		}
		if len(key) > maxName { // names grow with every nesting level
			key = unreadable
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

// skip reads the rest of an object or list and discards it.
func (r jsonReader) skip() error {
	for open := 1; open > 0; {
		token, err := r.dec.Token()
		if err != nil {
			return errNotJSON
		}
		switch token {
		case json.Delim('{'), json.Delim('['):
			open++
		case json.Delim('}'), json.Delim(']'):
			open--
		}
	}
	return nil
}

func (d *draft) readForm(body string, charset *charmap.Charmap) {
	lists := make(map[string]int)
	// url.ParseQuery is not used because its map loses the order of the fields.
	for pair := range strings.SplitSeq(body, "&") {
		rawKey, rawValue, _ := strings.Cut(pair, "=")
		key := inUTF8(charset, unescaped(rawKey))
		if len(key) > maxName {
			key = unreadable
		}
		if key == "" {
			continue
		}
		value := inUTF8(charset, unescaped(keepPlus(rawValue)))
		d.holdsJSON = d.holdsJSON || strings.HasPrefix(value, "{") && json.Valid([]byte(value))
		d.put(dotted(key, lists), value)
	}
}

func unescaped(text string) string {
	text, err := url.QueryUnescape(text)
	if err != nil {
		return unreadable
	}
	return text
}

var bracketed = regexp.MustCompile(`^[^\[\]]+(\[[^\[\]]*\])+$`)

// dotted converts a key that PHP writes as call[from][number], or as tags[] for each entry
// of a list, to a dotted name.
func dotted(key string, lists map[string]int) string {
	if !bracketed.MatchString(key) {
		return key
	}
	name := strings.NewReplacer("][", ".", "[", ".", "]", "").Replace(key)
	if list, isEntry := strings.CutSuffix(name, "."); isEntry {
		name += strconv.Itoa(lists[list])
		lists[list]++
	}
	return name
}

// keepPlus escapes the plus of a phone number that the sender did not escape. An unescaped
// plus means a space, but no value starts with a space.
func keepPlus(rawValue string) string {
	if len(rawValue) > 1 && rawValue[0] == '+' && '0' <= rawValue[1] && rawValue[1] <= '9' {
		return "%2B" + rawValue[1:]
	}
	return rawValue
}
