package kustomer

import (
	"bytes"
	"encoding/json"
	"slices"
	"strconv"
	"strings"
	"time"
)

// resource is one JSON:API object of an answer. Each field is decoded separately and only
// on demand, so that an unused field cannot fail a request.
type resource struct {
	from       *answer
	id         string
	raw        json.RawMessage
	attributes map[string]json.RawMessage
	odd        []string // attributes that were read and have another form than documented
}

// newResource reads an object. ok is false for any other JSON value.
func (a *answer) newResource(raw json.RawMessage) (r resource, ok bool) {
	fields := object(raw)
	r = resource{from: a, raw: raw, attributes: object(fields["attributes"])}
	r.id, _ = asID(fields["id"])
	return r, fields != nil
}

// resources returns the objects in an answer's data: none, one, or a list. ok is false
// if data contains any other JSON value.
func (a *answer) resources(data json.RawMessage) (found []resource, ok bool) {
	if isNull(data) {
		return nil, true
	}
	items, isList := asList(data)
	if !isList {
		items = []json.RawMessage{data}
	}
	for _, item := range items {
		r, ok := a.newResource(item)
		if !ok {
			return nil, false
		}
		found = append(found, r)
	}
	return found, true
}

// related returns the id of a related resource, empty if absent.
func (r *resource) related(name string) string {
	id, _ := asID(at(r.raw, "relationships", name, "data"))
	return id
}

// attribute reads an attribute. It returns the zero value and false if the attribute is
// missing, null or has another form than documented. The last case is recorded in odd.
func attribute[T any](r *resource, name string, as func(json.RawMessage) (T, bool)) (value T, ok bool) {
	raw := r.attributes[name]
	if raw == nil || isNull(raw) {
		return value, false
	}
	if value, ok = as(raw); !ok {
		r.odd = append(r.odd, name)
		return *new(T), false
	}
	return value, true
}

// needsID fails if the resource has no id.
func (r *resource) needsID() error {
	if r.id == "" {
		return r.from.notUnderstood("it has no id")
	}
	return nil
}

// needs fails if the attribute may be present in another form than documented.
func (r *resource) needs(attribute string) error {
	if r.attributes == nil || slices.Contains(r.odd, attribute) {
		return r.from.notUnderstood("its " + attribute + " has another form than documented")
	}
	return nil
}

// object returns the members of a JSON object, nil for any other value.
func object(raw json.RawMessage) (members map[string]json.RawMessage) {
	if json.Unmarshal(raw, &members) != nil {
		return nil
	}
	return members
}

// at returns the value at a path, nil if there is none.
func at(raw json.RawMessage, path ...string) json.RawMessage {
	for _, name := range path {
		raw = object(raw)[name]
	}
	return raw
}

func isNull(raw json.RawMessage) bool { return string(bytes.TrimSpace(raw)) == "null" }

// asWord reads a string and no other type. It is for values from a documented list.
func asWord(raw json.RawMessage) (word string, ok bool) {
	ok = json.Unmarshal(raw, &word) == nil && !isNull(raw)
	return word, ok
}

// asText reads a string, or a number as its digits.
func asText(raw json.RawMessage) (text string, ok bool) {
	if text, ok = asWord(raw); ok {
		return text, true
	}
	var number json.Number
	ok = json.Unmarshal(raw, &number) == nil && !isNull(raw)
	return number.String(), ok
}

// asID reads an id, given directly or as an object with an id.
func asID(raw json.RawMessage) (id string, ok bool) {
	if id, ok = asText(raw); ok {
		return id, id != ""
	}
	id, ok = asText(object(raw)["id"])
	return id, ok && id != ""
}

func asIDs(raw json.RawMessage) ([]string, bool) {
	items, ok := asList(raw)
	ids := make([]string, 0, len(items))
	for _, item := range items {
		id, isID := asID(item)
		ok = ok && isID
		ids = append(ids, id)
	}
	return ids, ok
}

func asList(raw json.RawMessage) (items []json.RawMessage, ok bool) {
	ok = json.Unmarshal(raw, &items) == nil && items != nil
	return items, ok
}

// asNumber reads a whole number, also one written as 4.0 or as a string.
func asNumber(raw json.RawMessage) (int, bool) {
	text, _ := asText(raw)
	number, err := strconv.ParseFloat(strings.TrimSpace(text), 64)
	whole := int(number)
	return whole, err == nil && float64(whole) == number
}

func asFlag(raw json.RawMessage) (flag, ok bool) {
	ok = json.Unmarshal(raw, &flag) == nil
	return flag, ok
}

func asTime(raw json.RawMessage) (moment time.Time, ok bool) {
	ok = json.Unmarshal(raw, &moment) == nil
	return moment, ok
}

// asObjects reads the members of an object. Some encoders write an empty object as an empty list.
func asObjects(raw json.RawMessage) (members map[string]json.RawMessage, ok bool) {
	if items, isList := asList(raw); isList && len(items) == 0 {
		return nil, true
	}
	members = object(raw)
	return members, members != nil
}

// asCustom reads the values of custom attributes.
func asCustom(raw json.RawMessage) (values map[string]any, ok bool) {
	members, ok := asObjects(raw)
	values = make(map[string]any)
	for name, member := range members {
		var value any
		ok = ok && json.Unmarshal(member, &value) == nil
		values[name] = value
	}
	return values, ok
}

// asPhones reads telephone numbers, each given directly or as an object with a phone.
func asPhones(raw json.RawMessage) (phones []string, ok bool) {
	items, ok := asList(raw)
	for _, item := range items {
		if number, isText := asText(item); isText {
			phones = append(phones, number)
		} else if number, isText := asText(object(item)["phone"]); isText {
			phones = append(phones, number)
		}
	}
	return phones, ok
}
