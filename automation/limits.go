package automation

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"unicode/utf16"
)

// Kustomer's limits (OpenAPI, POST /conversations, …/notes and …/messages). [Length] counts the
// lengths.
const (
	MaxName      = 256
	MaxNote      = 10240
	MaxSubject   = 256
	MaxPreview   = 10240
	MaxText      = 1024 // of Str and Txt attributes (babelforce's Kustomer article; OpenAPI)
	MaxTags      = 20
	MaxAssignees = 10
	MaxCustom    = 100
	MinPriority  = 1
	MaxPriority  = 5
)

var (
	// OpenAPI: items of tags on conversations.
	tagPattern = regexp.MustCompile(`^[0-9a-zA-ZÀ-ÿ_/<>\-.][0-9a-zA-ZÀ-ÿ _/<>\-.]{0,63}$`)
	// Names of custom attributes (developer site, "Custom attributes").
	attributePattern = regexp.MustCompile(`^[A-Za-z][0-9A-Za-z_]{0,127}$`)
	// OpenAPI: format object-id, 24 hexadecimal digits.
	objectIDPattern = regexp.MustCompile(`^[0-9a-fA-F]{24}$`)
)

const (
	// WhatTagsTake is the message about a tag that Kustomer would refuse.
	WhatTagsTake = "Kustomer takes letters, digits, spaces inside, and _ / < > - . only, 64 characters at most"
	// NoObjectID is the format of the message about a text that is not a Kustomer id.
	NoObjectID = "%q is not a Kustomer id, which has 24 hexadecimal digits"
)

// IsAttribute reports whether Kustomer accepts a text as the name of a custom attribute.
func IsAttribute(name string) bool { return attributePattern.MatchString(name) }

// IsTag reports whether Kustomer accepts a text as a tag.
func IsTag(text string) bool { return tagPattern.MatchString(text) }

// IsObjectID reports whether a text has the form of a Kustomer id: 24 hexadecimal digits.
func IsObjectID(text string) bool { return objectIDPattern.MatchString(text) }

// Statuses returns the statuses that Kustomer accepts. A new conversation cannot be snoozed.
func Statuses(isNew bool) []string {
	if isNew {
		return []string{"open", "done"}
	}
	return []string{"open", "snoozed", "done"}
}

// Check returns an error if Kustomer would refuse a change that an operator entered. The same
// limits apply to an automations file. The error names the field, and never contains personal
// data.
func (c Change) Check() error {
	return cmp.Or(
		checkLength("name", c.Name, MaxName),
		CheckWord("status", c.Status, Statuses(false)),
		checkPriority(c.Priority),
		checkList("assignedUsers", c.AssignedUsers, MaxAssignees, checkID),
		checkList("assignedTeams", c.AssignedTeams, MaxAssignees, checkID),
		checkList("tags", c.AddTags, MaxTags, checkTag),
		checkList("removeTags", c.RemoveTags, MaxTags, checkTag),
		checkCustom(c.Custom),
		checkLength("note", c.Note, MaxNote),
	)
}

// Length returns the length of a text as Kustomer counts it: in UTF-16 code units, of which an
// emoji has two. The unit is inferred: recorded refusals have the messages of the validator tv4,
// which compares the length of JavaScript's strings.
func Length(text string) (units int) {
	for _, char := range text {
		units += utf16.RuneLen(char)
	}
	return units
}

func checkLength(field, text string, limit int) error {
	if Length(text) > limit {
		return fmt.Errorf("%s is longer than %d characters", field, limit)
	}
	return nil
}

// CheckWord returns an error if a word is neither empty nor one of the words.
func CheckWord(field, word string, words []string) error {
	if word != "" && !slices.Contains(words, word) {
		return fmt.Errorf("%s cannot be %q: use one of %s", field, word, strings.Join(words, ", "))
	}
	return nil
}

func checkPriority(priority int) error {
	if priority != 0 && (priority < MinPriority || priority > MaxPriority) {
		return fmt.Errorf("priority must be a whole number from %d to %d", MinPriority, MaxPriority)
	}
	return nil
}

func checkList(field string, list []string, limit int, check func(string) error) error {
	if len(list) > limit {
		return fmt.Errorf("%s has %d entries, but Kustomer takes %d at most", field, len(list), limit)
	}
	for i, item := range list {
		if err := check(item); err != nil {
			return fmt.Errorf("%s: %w", field, err)
		}
		if slices.Contains(list[:i], item) {
			return fmt.Errorf("%s has %q twice", field, item)
		}
	}
	return nil
}

func checkID(id string) error {
	if !IsObjectID(id) {
		return fmt.Errorf(NoObjectID, id)
	}
	return nil
}

func checkTag(tag string) error {
	if !IsTag(tag) {
		return fmt.Errorf("tag %q: %s", tag, WhatTagsTake)
	}
	return nil
}

func checkCustom(custom map[string]any) error {
	if len(custom) > MaxCustom {
		return fmt.Errorf("custom has %d attributes, but Kustomer takes %d at most", len(custom), MaxCustom)
	}
	names := slices.Sorted(maps.Keys(custom)) //workflowcheck:ignore they are sorted
	for _, name := range names {
		value := custom[name]
		if !IsAttribute(name) {
			return fmt.Errorf("custom: %q is not a valid attribute name: use letters and digits", name)
		}
		if err := (Attribute{Name: name}).check(value); err != nil {
			return fmt.Errorf("custom.%s: the value is not %w", name, err)
		}
	}
	return nil
}

// notOfType are the errors for values of the wrong type, by the attribute's suffix.
var notOfType = map[string]error{
	"Num": errNoNumber, "At": errNoTime, "Bool": errNoFlag, "Url": errNoURL, "Str": errNoText, "Txt": errNoText,
	"": errors.New("a text, a number, true or false"),
}

var (
	errNoText  = errors.New("a text")
	errTooLong = fmt.Errorf("a text of %d characters at most", MaxText)
)

// check returns an error if a JSON value does not have the type of the attribute's suffix. As
// with [Attribute.Convert], its text is that type.
func (a Attribute) check(value any) (err error) {
	suffix := a.Suffix()
	fits := false
	switch v := value.(type) {
	case string:
		fits = suffix != "Num" && suffix != "Bool"
		if _, err = a.Convert(v); Length(v) > MaxText {
			err = errTooLong
		}
	case json.Number:
		fits = suffix == "Num" || suffix == ""
		_, err = toNumber(v.String())
	case float64:
		fits = suffix == "Num" || suffix == ""
	case bool:
		fits = suffix == "Bool" || suffix == ""
	}
	if !fits {
		return notOfType[suffix]
	}
	return err
}
