package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/callthread/callthread/internal/operator"
	"github.com/callthread/callthread/workflows"
)

// amendCommand retries a refused step with other values.
func amendCommand(out, logs io.Writer) *cli.Command {
	d := decision{Decision: operator.Decision{Update: workflows.UpdateAmend, Out: out}}
	var set cli.StringSlice
	var whole string
	return &cli.Command{
		Name:      d.Update,
		Usage:     "try the refused step of a parked call again, with other values",
		ArgsUsage: "<call id>",
		Description: "Fields are those of the automations file: " + fieldNames() + ".\n" +
			"Lists are separated by commas. A field with an empty value is not written: --set assignedTeams=\n\n" +
			d.help(),
		HideHelpCommand: true, // "help" may be a call's id
		Flags: append([]cli.Flag{
			&cli.StringSliceFlag{Name: "set", Usage: "`FIELD=VALUE` to use instead; may be repeated", Destination: &set},
			&cli.StringFlag{Name: "json", Usage: "all fields as a `JSON` object instead, such as '{\"assignedTeams\": []}'", Destination: &whole},
		}, d.flags()...),
		Action: func(c *cli.Context) error {
			if c.NArg() != 1 {
				return fmt.Errorf("amend takes the id of one call, not %d (put quotes around a value with spaces)", c.NArg())
			}
			amendment, err := readAmendment(set.Value(), whole)
			if err != nil {
				return err
			}
			d.Args = []any{amendment}
			return d.run(c, logs, false)
		},
	}
}

// readAmendment reads the amendment from --set or from --json. It fails unless exactly one is given.
func readAmendment(set []string, whole string) (amendment workflows.Amendment, err error) {
	if (len(set) > 0) == (whole != "") {
		return amendment, errors.New("pass the values either with --set field=value or with --json, not both")
	}
	if whole != "" {
		if err := json.Unmarshal([]byte(whole), &amendment); err != nil {
			return amendment, fmt.Errorf("--json: %w", err)
		}
	}
	for _, assignment := range set {
		if err := assign(&amendment, assignment); err != nil {
			return amendment, fmt.Errorf("--set %s: %w", assignment, err)
		}
	}
	return amendment, amendment.Validate()
}

// field is a field of an amendment: its name and a pointer to its value.
type field struct {
	name string
	at   any
}

func fieldsOf(m *workflows.Amendment) []field {
	return []field{
		{"customer", &m.Customer}, {"name", &m.Name}, {"status", &m.Status}, {"direction", &m.Direction}, {"priority", &m.Priority},
		{"assignedUsers", &m.AssignedUsers}, {"assignedTeams", &m.AssignedTeams}, {"tags", &m.Tags}, {"removeTags", &m.RemoveTags},
		{"note", &m.Note},
	}
}

const customPrefix = "custom."

func fieldNames() string {
	var names []string
	for _, f := range fieldsOf(&workflows.Amendment{}) {
		names = append(names, f.name)
	}
	return strings.Join(append(names, customPrefix+"<attribute>"), ", ")
}

// assign sets the field of one --set.
func assign(m *workflows.Amendment, assignment string) error {
	name, value, found := strings.Cut(assignment, "=")
	if !found {
		return errors.New("this is not field=value")
	}
	if attribute, isCustom := strings.CutPrefix(name, customPrefix); isCustom && attribute != "" {
		if m.Custom == nil {
			m.Custom = make(map[string]any)
		}
		return once(m.Custom, attribute, customValue(attribute, value))
	}
	for _, f := range fieldsOf(m) {
		if f.name == name {
			return put(f.at, value)
		}
	}
	return fmt.Errorf("unknown field %q: the fields are %s", name, fieldNames())
}

var errTwice = errors.New("the field is set twice: a list takes all its values at once, separated by commas")

// put sets a field, or fails if it is set already.
func put(at any, value string) error {
	switch at := at.(type) {
	case **string:
		return first(at, value)
	case **[]string:
		return first(at, list(value))
	case **int:
		number, err := strconv.Atoi(value)
		if value != "" && (err != nil || number == 0) { // 0 would mean that the field is left out
			return errors.New("the value is not a whole number above 0")
		}
		return first(at, number)
	default:
		return fmt.Errorf("fields of type %T cannot be set", at)
	}
}

func first[T any](field **T, value T) error {
	if *field != nil {
		return errTwice
	}
	*field = &value
	return nil
}

func once(custom map[string]any, attribute string, value any) error {
	if _, set := custom[attribute]; set {
		return errTwice
	}
	custom[attribute] = value
	return nil
}

// list is never nil: an empty list removes the values of the automations, nil keeps them.
func list(value string) []string {
	items := []string{}
	for item := range strings.SplitSeq(value, ",") {
		if item = strings.TrimSpace(item); item != "" {
			items = append(items, item)
		}
	}
	return items
}

// textSuffixes end the names of custom attributes that always contain text.
var textSuffixes = []string{"Str", "Txt", "Url", "At"}

// customValue is nil for an empty value, a number, boolean or null for JSON of that type, and
// otherwise text.
func customValue(attribute, value string) any {
	if value == "" {
		return nil
	}
	if slices.ContainsFunc(textSuffixes, func(suffix string) bool { return strings.HasSuffix(attribute, suffix) }) {
		return value
	}
	decoded := any(nil)
	decoder := json.NewDecoder(strings.NewReader(value))
	decoder.UseNumber() // keeps all digits
	if err := decoder.Decode(&decoded); err != nil || decoder.InputOffset() != int64(len(value)) {
		return value
	}
	switch decoded.(type) {
	case json.Number, bool, nil:
		return decoded
	default:
		return value
	}
}
