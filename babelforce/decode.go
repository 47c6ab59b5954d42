package babelforce

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// The kinds of [DecodeError], to be told apart with errors.Is.
var (
	ErrContentType = errors.New("unsupported content type") // neither JSON nor a form, or in an unknown character set
	ErrUnreadable  = errors.New("unreadable body")          // not the JSON it claims to be
	ErrUnusableID  = errors.New("unusable id")              // an id that identifies the call cannot be one
	ErrNoCallID    = errors.New("no call id")               // nothing says which call this is
)

// DecodeError says why a body was refused. Its text never contains anything
// the sender wrote, except the name of a field we know.
type DecodeError struct {
	Kind    error  // ErrContentType, ErrUnreadable, ErrUnusableID or ErrNoCallID
	Field   string // dotted name; empty when no field we know by name is to blame
	Problem string
}

func (e *DecodeError) Error() string {
	if e.Field == "" {
		return fmt.Sprintf("%v: %s", e.Kind, e.Problem)
	}
	return fmt.Sprintf("%v: %s: %s", e.Kind, e.Field, e.Problem)
}

func (e *DecodeError) Unwrap() error { return e.Kind }

// Limits on what is read of one body. A real event has some thirty short fields;
// the size of the body as a whole is for the caller to limit.
const (
	maxExtra   = 200  // fields of the sender's own
	maxDepth   = 8    // objects and lists inside each other
	maxName    = 128  // bytes in one key
	maxValue   = 4096 // bytes in one value
	maxID      = 128  // bytes in one id
	maxIgnored = 20   // fields of the sender's own that are reported by name
)

// Decode reads one delivery. The body is JSON, nested or with dotted keys or
// both, or a form, with dotted keys or PHP's brackets. What begins with a brace
// is JSON, and everything else a form, so that a body can be read in one way
// only; the content type can refuse it (application/json, *+json and
// application/x-www-form-urlencoded are taken) and say its character set. Without
// a content type a form must have a field we know.
//
// Only what identifies the call can refuse an event: an unreadable body, no call
// id, or an id that cannot be one. Any other field that cannot be read is left
// out, and its name added to [Event.Ignored].
//
//   - A null, an empty text, a word for it ("null", "undefined"), or a text that is
//     nothing but a placeholder ("{agent.sourceId}") counts as absent.
//   - A field given more than once, under whichever spelling, has the value that
//     comes last in the body; an absent or unreadable value never replaces another.
//   - A value is one line: control characters and direction marks are taken out.
//   - Times are UNIX seconds, UNIX milliseconds or RFC 3339, and 0 counts as
//     absent; numbers and booleans may be texts; white space around a value is dropped.
//   - Where the agent or queue bucket is absent, call.bridged.* fills it.
//     recording.call.* fills the call bucket where that is absent, or else its id.
//
// Every error is a [*DecodeError].
func Decode(name EventName, contentType string, body []byte) (Event, error) {
	d := draft{event: Event{Name: name}}
	if err := d.read(contentType, body); err != nil {
		return Event{}, err
	}
	return d.finish()
}

// draft is an event in the making.
type draft struct {
	event Event

	// What call.bridged says; used where the proper bucket is absent.
	bridgedAgent Agent
	bridgedQueue Queue
	recorded     Call // what recording.call says

	scalars, known int  // read so far; how many of them were fields we know
	holdsJSON      bool // a field of a form holds JSON
	ignoredExtra   int
}

// put takes one scalar field, in the order of the body.
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

// presentable is how the name of a field of the sender's own must look to be reported.
var presentable = regexp.MustCompile(`^[A-Za-z_][\w.-]*$`)

// ignore reports a field that is left out.
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
	// A parentId is not enough: without its own id a leg cannot be told from another.
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

// unidentified says why nothing tells which call it is.
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
