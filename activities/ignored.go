package activities

import (
	"github.com/callthread/callthread/automation"
	"github.com/callthread/callthread/call"
)

// ignored returns the result for a call that the file's "ignore" names. Its run continues
// until the end of the call, like the runs of other calls without a conversation.
func (a *Activities) ignored(file *automation.Set, in StepInput) StepResult {
	return StepResult{Ignored: true, CallerHash: a.callerHash(in.Is.Opening), Automations: file.Version, Expects: ExpectedBy(file)}
}

// mayHaveCalled reports whether the customer may have called before. A customer who is not
// known yet may have.
func (o owner) mayHaveCalled(facts call.Facts) bool {
	return !o.isNew && !o.catchesAll || !facts.KnowsCustomer()
}
