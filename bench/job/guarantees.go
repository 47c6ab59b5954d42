package job

import (
	"fmt"
	"slices"
	"strings"
)

// Guarantee is a guarantee of Callthread that bare lacks. The program bare adds it in its cheapest
// form with the flag -with and the name.
type Guarantee struct{ Name, Promises string }

// The names of the guarantees.
const (
	Once       = "once"
	Timer      = "timer"
	Attributes = "attributes"
	Words      = "words"
	Record     = "record"
	Webhooks   = "webhooks"
	Metrics    = "metrics"
	Encryption = "encryption"
)

// Guarantees are all guarantees. Encryption, the last one, needs keys in Callthread.
var Guarantees = []Guarantee{
	{Once, "one workflow per call, also if events are repeated or out of order"},
	{Timer, "a call ends even if its end is never reported"},
	{Attributes, "operators find calls: search attributes"},
	{Words, "operators read calls: summaries, details, log"},
	{Record, "everything known about a call is kept"},
	{Webhooks, "webhooks are verified, and read in every form"},
	{Metrics, "the SDK, steps and webhooks are counted"},
	{Encryption, "what Temporal keeps is encrypted"},
}

// All returns the names of the guarantees that Callthread always gives, separated by commas.
func All() string {
	var names []string
	for _, g := range Guarantees {
		if g.Name != Encryption {
			names = append(names, g.Name)
		}
	}
	return strings.Join(names, ",")
}

// ParseGuarantees reads names that are separated by commas. It returns an error for an unknown
// name.
func ParseGuarantees(names string) (map[string]bool, error) {
	with := make(map[string]bool)
	for _, name := range strings.FieldsFunc(names, func(r rune) bool { return r == ',' }) {
		if !slices.ContainsFunc(Guarantees, func(g Guarantee) bool { return g.Name == name }) {
			return nil, fmt.Errorf("there is no guarantee %q: choose among %s,%s", name, All(), Encryption)
		}
		with[name] = true
	}
	return with, nil
}
