package babelforce

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// The kinds of [DecodeError], for errors.Is.
var (
	ErrContentType = errors.New("unsupported content type") // neither JSON nor a form, or an unknown character set
	ErrUnreadable  = errors.New("unreadable body")          // not valid JSON although labelled so
	ErrUnusableID  = errors.New("unusable id")              // an id that identifies the call has an invalid form
	ErrNoCallID    = errors.New("no call id")               // the body does not identify the call
)

// DecodeError is the reason why a body was refused. Its text contains nothing that the
// sender wrote, except the name of a known field.
type DecodeError struct {
	Kind    error  // ErrContentType, ErrUnreadable, ErrUnusableID or ErrNoCallID
	Field   string // dotted name of the known field at fault; empty if there is none
	Problem string
}

// Error returns the kind, the field and the problem.
func (e *DecodeError) Error() string {
	if e.Field == "" {
		return fmt.Sprintf("%v: %s", e.Kind, e.Problem)
	}
	return fmt.Sprintf("%v: %s: %s", e.Kind, e.Field, e.Problem)
}

// Unwrap returns the Kind.
func (e *DecodeError) Unwrap() error { return e.Kind }

// Limits on one body. A real event has about thirty short fields. The caller limits the
// size of the whole body.
const (
	maxExtra   = 200  // custom fields
	maxDepth   = 8    // nested objects and lists
	maxName    = 128  // bytes of a key
	maxValue   = 4096 // bytes of a value
	maxID      = 128  // bytes of an id
	maxIgnored = 20   // custom fields that are reported by name
)

// Decode reads one delivery. The body is JSON, nested or with dotted keys or both, or a
// form, with dotted keys or PHP's brackets. A body that begins with a brace is JSON, and
// any other body is a form, so there is only one way to read a body. The content type can
// only refuse the body (application/json, *+json and application/x-www-form-urlencoded
// are accepted) and declare its character set. Without a content type, a form must have a
// known field.
//
// Decode refuses an event only if it cannot identify the call: the body is unreadable, or
// the call id is absent or invalid. Any other unreadable field is left out, and its name
// is added to [Event.Ignored].
//
//   - A null, an empty text, a word for it ("null", "undefined"), or a text that consists
//     of a placeholder ("{agent.sourceId}") counts as absent.
//   - If a field occurs several times, in any spelling, the last value in the body counts.
//     An absent or unreadable value never replaces another.
//   - A value is one line: control characters and direction marks are removed.
//   - Times are UNIX seconds, UNIX milliseconds or RFC 3339; 0 counts as absent. Numbers
//     and booleans may be texts. White space around a value is removed.
//   - If the agent or queue bucket is absent, call.bridged.* fills it. If the call bucket
//     is absent, recording.call.* fills it; if only call.id is absent, recording.call.id
//     does.
//
// Every error is a [*DecodeError].
func Decode(name EventName, contentType string, body []byte) (Event, error) {
	d := draft{event: Event{Name: name}}
	if err := d.read(contentType, body); err != nil {
		return Event{}, err
	}
	return d.finish()
}

// draft is an event that is being decoded.
type draft struct {
	event Event

	// Values of call.bridged, used if the agent or queue bucket is absent.
	bridgedAgent Agent
	bridgedQueue Queue
	recorded     Call // values of recording.call

	scalars, known int  // scalar fields read so far, and the known ones among them
	holdsJSON      bool // a field of a form contains JSON
	ignoredExtra   int
}

// put adds one scalar field. Fields are added in the order of the body.
func (d *draft) put(name, value string) {
	set, known := knownFields[name]
	d.scalars++
	if known {
		d.known++
	}
	value = strings.TrimSpace(value)
	line := oneLine(value)
	switch {
	case strings.Contains(name, unreadable), strings.Contains(value, unreadable), len(value) > maxValue:
		d.ignore(name)
	case isAbsent(line):
	case known:
		if !set(d, value) {
			d.ignore(name)
		}
	default:
		d.putExtra(name, line)
	}
}

func (d *draft) putExtra(name, value string) {
	if d.event.Extra == nil {
		d.event.Extra = make(map[string]string)
	}
	if _, has := d.event.Extra[name]; !has && len(d.event.Extra) == maxExtra {
		d.ignore(name)
		return
	}
	d.event.Extra[name] = value
}

// presentable matches the names of custom fields that may be reported.
var presentable = regexp.MustCompile(`^[A-Za-z_][\w.-]*$`)

// ignore records a field that is left out.
func (d *draft) ignore(name string) {
	if _, known := knownFields[name]; !known {
		if d.ignoredExtra++; d.ignoredExtra > maxIgnored || len(name) > maxName || !presentable.MatchString(name) {
			name = OtherField
		}
	}
	if !slices.Contains(d.event.Ignored, name) {
		d.event.Ignored = append(d.event.Ignored, name)
	}
}

func (d *draft) finish() (Event, error) {
	e := d.event
	switch {
	case e.Call == (Call{}):
		e.Call = d.recorded
	case e.Call.ID == "":
		e.Call.ID = d.recorded.ID
	}
	// parentId does not suffice: without its own id, a leg cannot be distinguished from another.
	if e.Call.ID == "" {
		return Event{}, d.unidentified()
	}
	if e.Call.isCallersOwn(e.Name) {
		e.Call.ParentID = ""
	} else if e.Call.ParentID == "" && d.ignored("call.parentId") {
		return Event{}, unusable("call.parentId")
	}
	if e.Agent == (Agent{}) {
		e.Agent = d.bridgedAgent
	}
	if e.Queue == (Queue{}) {
		e.Queue = d.bridgedQueue
	}
	return e, nil
}

func (d *draft) ignored(name string) bool { return slices.Contains(d.event.Ignored, name) }

// unidentified returns the error for a body that does not identify the call.
func (d *draft) unidentified() error {
	for _, name := range []string{"call.id", "recording.call.id"} {
		if d.ignored(name) {
			return unusable(name)
		}
	}
	problem := "absent, empty or an unresolved placeholder"
	if d.holdsJSON {
		problem += "; a field of this form holds JSON: send that by itself, as application/json"
	}
	return &DecodeError{Kind: ErrNoCallID, Field: "call.id", Problem: problem}
}

func unusable(field string) error {
	problem := fmt.Sprintf("an id is printable ASCII, without a slash or braces, and at most %d characters long", maxID)
	return &DecodeError{Kind: ErrUnusableID, Field: field, Problem: problem}
}
