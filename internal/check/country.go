package check

import (
	"slices"

	"github.com/callthread/callthread/automation"
	"github.com/callthread/callthread/automation/load"
)

// Country adds a warning if the file has numbers without a country code and no country is set. The
// arguments are the results of loading the file. babelforce probably sends such numbers too.
func (r *Report) Country(set *automation.Set, warnings load.Problems) {
	if set == nil || !slices.ContainsFunc(warnings, func(p load.Problem) bool { return p.NeedsCountry }) {
		return
	}
	becomes := `their conversations belong to the catch-all customer, "Unknown caller" unless the file names another`
	if set.Callers.Withheld == automation.ParkCall {
		becomes = "their calls are parked until an operator names the customer"
	}
	r.add(Warning, "no --country (CALLTHREAD_COUNTRY) is set, and the file has numbers without a country code. If babelforce sends callers' numbers "+
		"without one too, no customer is looked up for them: %s. Set it here and for the workers, such as --country DE", becomes)
}
