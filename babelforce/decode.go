package babelforce

import (
	"bytes"
	"errors"
	"fmt"
	"mime"
	"strings"
)

// The kinds of [DecodeError], to be told apart with errors.Is.
var (
	ErrContentType = errors.New("unsupported content type") // neither JSON nor a form
	ErrUnreadable  = errors.New("unreadable body")          // not the JSON or form it claims to be
	ErrMalformed   = errors.New("malformed field")          // a field that cannot be what it should be, or beyond a limit
	ErrNoCallID    = errors.New("no call id")               // nothing says which call this is
)

// DecodeError says why a body was refused. Its text never contains anything
// the sender wrote, except the name of a field we know.
type DecodeError struct {
	Kind    error  // ErrContentType, ErrUnreadable, ErrMalformed or ErrNoCallID
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

// Limits on what one body may hold. A real event has some thirty short fields;
// the size of the body as a whole is for the caller to limit.
const (
	maxFields = 200  // scalar fields, absent ones included
	maxDepth  = 8    // objects and lists inside each other
	maxName   = 128  // bytes in one key
	maxValue  = 4096 // bytes in one value
	maxID     = 128  // bytes in one id
)

// Decode reads one delivery. The body is, by its content type, JSON
// (application/json, *+json), nested or with dotted keys or both, or a form
// (application/x-www-form-urlencoded). Without a content type, a body that
// starts with "{" is JSON and one with a field we know is a form.
//
//   - A null, an empty text, or a text that is nothing but a placeholder
//     ("{agent.sourceId}") counts as absent.
//   - A field given more than once, under whichever spelling, has the value that
//     comes last in the body; an absent value never replaces a present one.
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

func (d *draft) read(contentType string, body []byte) error {
	body = bytes.TrimSpace(body)
	// Senders, curl -d among them, label JSON as a form. No form starts with a brace.
	looksLikeJSON := bytes.HasPrefix(body, []byte("{"))

	// The error is dropped on purpose: a bad parameter leaves the media type
	// readable, and without one the body is refused below.
	media, _, _ := mime.ParseMediaType(contentType)
	isForm := media == "application/x-www-form-urlencoded"
	switch {
	case media == "application/json", strings.HasSuffix(media, "+json"),
		looksLikeJSON && (isForm || contentType == ""):
		return readJSON(body, d.put)
	case isForm:
		return readForm(body, d.put)
	case contentType == "" && len(body) == 0:
		return &DecodeError{Kind: ErrUnreadable, Problem: "the body is empty"}
	case contentType == "":
		err := readForm(body, d.put)
		if d.recognised {
			return err
		}
	}
	return &DecodeError{Kind: ErrContentType, Problem: "send application/json or application/x-www-form-urlencoded"}
}

// draft is an event in the making.
type draft struct {
	event Event

	// What call.bridged says; used where the proper bucket is absent.
	bridgedAgent Agent
	bridgedQueue Queue
	recorded     Call // what recording.call says

	fields     int  // scalars read so far
	recognised bool // one of them was a field we know
}

// put takes one scalar field, in the order of the body.
func (d *draft) put(name, value string) error {
	set, known := knownFields[name]
	if known {
		d.recognised = true
	}
	d.fields++
	if d.fields > maxFields {
		return malformed("", fmt.Sprintf("more than %d fields", maxFields))
	}
	if len(value) > maxValue {
		problem := fmt.Sprintf("longer than %d bytes", maxValue)
		if !known {
			// The sender chose the name: it may say something about a person.
			return malformed("", "a field not known to Callthread is "+problem)
		}
		return malformed(name, problem)
	}

	value = strings.TrimSpace(value)
	if value == "" || unresolvedPlaceholder.MatchString(value) {
		return nil
	}
	if !known {
		if d.event.Extra == nil {
			d.event.Extra = make(map[string]string)
		}
		d.event.Extra[name] = withoutNUL(value)
		return nil
	}
	if problem := set(d, value); problem != "" {
		return malformed(name, problem)
	}
	return nil
}

func (d *draft) finish() (Event, error) {
	e := d.event
	switch {
	case e.Call == (Call{}):
		e.Call = d.recorded
	case e.Call.ID == "":
		e.Call.ID = d.recorded.ID
	}
	// Even with a parentId: without its own id a leg cannot be told from another.
	if e.Call.ID == "" {
		return Event{}, &DecodeError{Kind: ErrNoCallID, Field: "call.id", Problem: "absent, empty or an unresolved placeholder"}
	}
	if e.Agent == (Agent{}) {
		e.Agent = d.bridgedAgent
	}
	if e.Queue == (Queue{}) {
		e.Queue = d.bridgedQueue
	}
	return e, nil
}

func malformed(field, problem string) error {
	return &DecodeError{Kind: ErrMalformed, Field: field, Problem: problem}
}
