package activities

import (
	"github.com/callthread/callthread/automation"
	"github.com/callthread/callthread/call"
)

// ignored is the result of opening a call that the file's "ignore" names. Its run goes on
// to the end of the call, as those of other calls without a conversation do.
func (a *Activities) ignored(file *automation.Set, in StepInput) StepResult {
	return StepResult{Ignored: true, CallerHash: a.callerHash(in.Is.Opening), Automations: file.Version, Expects: ExpectedBy(file)}
}

// mayHaveCalled reports whether the customer may have called before: one who is not
// known yet may too.
func (o owner) mayHaveCalled(facts call.Facts) bool {
	return !o.isNew && !o.catchesAll || !facts.KnowsCustomer()
}
