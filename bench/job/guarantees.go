package job

import (
	"fmt"
	"slices"
	"strings"
)

// Guarantee is something that Callthread promises and bare does not. The program
// bare adds it in its cheapest form with -with and the name.
type Guarantee struct{ Name, Promises string }

// Names of the guarantees.
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

// Guarantees are all there are. The last is off unless Callthread is given keys.
var Guarantees = []Guarantee{
	{Once, "one run per call, whatever arrives twice or first"},
	{Timer, "a call ends although its end is never reported"},
	{Attributes, "operators find calls: search attributes"},
	{Words, "operators read calls: summaries, details, log"},
	{Record, "everything known about a call is kept"},
	{Webhooks, "webhooks are verified, and read in every form"},
	{Metrics, "the SDK, steps and webhooks are counted"},
	{Encryption, "what Temporal keeps is encrypted"},
}

// All are the names of those that Callthread always has, separated by commas.
func All() string {
	var names []string
	for _, g := range Guarantees {
		if g.Name != Encryption {
			names = append(names, g.Name)
		}
	}
	return strings.Join(names, ",")
}

// ParseGuarantees reads names that are separated by commas.
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
