package call

import (
	"slices"
	"time"
)

// Next is what to do next: a step, or to wait. The zero value says that the call is
// over and everything is written.
type Next struct {
	Step *Step
	Wait Wait
}

// Wait says what a call waits for, and until when.
type Wait struct {
	For   WaitsFor
	Until time.Time
}

// Next decides what to do next, at a time:
//
//  1. The conversation is opened: when the call rings, or when a report says who the
//     customer is, or after a few seconds without either.
//  2. As long as something was reported that the conversation does not show yet, a
//     step is due for the most urgent such thing: a pick-up, who the customer or the
//     agent is, then the outcome, recordings, the end of the wrap-up, earlier calls of
//     a customer who was reached.
//  3. Otherwise the call waits: for an agent, the end, the next agent after a
//     transfer, late reports; once the outcome is written, for what automations act on
//     after a call.
//  4. When none of that is left, the call is over.
//
// Reports that arrive while a step is under way are added to the record and change
// nothing about the step: what they make due comes after it.
func (r *Record) Next(now time.Time) Next {
	if r.Opened == nil {
		if wait := r.untilCustomerKnown(); wait.Until.After(now) {
			return Next{Wait: wait}
		}
		return Next{Step: &Step{Causes: []Cause{Rang}, Is: Story{Opening: r.opening(), RangAt: r.rangAt(), Added: r.addedWhole()}}}
	}
	if step := r.step(r.story(now)); step != nil {
		return Next{Step: step}
	}
	if !r.isOver(now) {
		return Next{Wait: r.untilOver()}
	}
	return Next{Wait: r.untilAfterwards(now)}
}

// untilCustomerKnown waits for a report that says who the customer is, if the first
// one was about an attempt to reach an agent, or was faster than the ringing.
func (r *Record) untilCustomerKnown() Wait {
	for _, report := range r.Reports {
		if report.Kind == Inbound && !report.Leg.IsChild() {
			return Wait{}
		}
	}
	facts := r.Facts()
	switch {
	case facts.KnowsCustomer(), facts.Outgoing && r.end() != nil:
		return Wait{}
	case facts.Outgoing:
		return Wait{WaitsForCustomer, r.Started.Add(calledLimit)}
	}
	return Wait{WaitsForCustomer, r.Started.Add(callerLimit)}
}

// isOver reports whether nothing more is expected of the call itself. Once an
// outcome was written it stays over: a later report corrects it at once.
func (r *Record) isOver(now time.Time) bool {
	return r.Was.Closing != nil || !r.untilOver().Until.After(now)
}

// untilOver waits for the next agent or the end of the call. Its time may have
// passed: then the call is over. A zero time says that it is over already.
func (r *Record) untilOver() Wait {
	isAnswered, end := len(r.pickUps()) > 0, r.end()
	unanswered := r.Started.Add(r.Limits.Bridge)
	switch {
	case isAnswered && r.isHandedOver() && !r.Opened.Expects.Finish:
		return Wait{} // no automation acts on the end
	case end == nil && !isAnswered:
		return Wait{WaitsForAgent, unanswered}
	case end == nil:
		return Wait{WaitsForEnd, unanswered.Add(r.Limits.End)}
	case !r.wasTransferred():
		return Wait{WaitsForLateReports, end.since().Add(r.Limits.Settle)}
	case !r.wasFollowed(end): // the next agent's phone rings
		return Wait{WaitsForTransfer, end.since().Add(max(transferLimit, r.Limits.Settle))}
	case r.goesOn(): // the next agent talks
		return Wait{WaitsForTransfer, r.lastReceived().Add(min(transferTalk, r.Limits.End))}
	}
	return Wait{WaitsForLateReports, r.lastReceived().Add(r.Limits.Settle)}
}

// isHandedOver reports whether the conversation, if there is one, was given to an agent.
func (r *Record) isHandedOver() bool {
	return r.Opened != nil && (len(r.Was.PickUps) > 0 || !r.Opened.Conversation)
}

// CallWait is what the call itself waits for, also while a step is under way.
func (r *Record) CallWait() Wait {
	if r.Opened == nil {
		if wait := r.untilCustomerKnown(); wait.For != "" {
			return wait
		}
	}
	return r.untilOver()
}

// HasEnded reports whether the call has ended as far as the reports say, although late ones may follow.
func (r *Record) HasEnded(now time.Time) bool {
	if r.isOver(now) {
		return true
	}
	return r.end() != nil && r.untilOver().For != WaitsForTransfer
}

// wasFollowed reports whether an agent picked up after the parent leg ended: by the
// events' own times or, because the two legs' clocks differ, by their order of arrival.
func (r *Record) wasFollowed(end *Report) bool {
	isLater := func(p pickUp) bool { return !p.at().Before(end.At()) }
	if slices.ContainsFunc(r.pickUps(), isLater) {
		return true
	}
	atEnd := slices.IndexFunc(r.Reports, Report.isParentsEnd)
	return slices.ContainsFunc(r.Reports[atEnd:], Report.isPickUp)
}

// wasTransferred reports whether the customer's leg has ended by a transfer.
func (r *Record) wasTransferred() bool { return r.Facts().Leg.WasTransferred() }

// goesOn reports whether the next agent of a transferred call is still on the line,
// as far as the ends of agents' legs say. If babelforce reports none of those, it
// cannot be known, and the call counts as over.
func (r *Record) goesOn() bool {
	over := r.over()
	return len(over.Attempts) > 0 && !over.LastAgentHungUp(r.bridges())
}

// untilAfterwards waits for what comes after a call, if automations act on it.
func (r *Record) untilAfterwards(now time.Time) Wait {
	if r.Was.Closing == nil {
		return Wait{}
	}
	if due, wanted := r.wrapUpDue(r.Was.Closing); wanted && due.After(now) {
		return Wait{WaitsForWrapUp, due}
	}
	if limit := r.endedAt(r.Was.Closing).Add(r.recordingLimit()); r.Opened.Expects.Recording && limit.After(now) {
		return Wait{WaitsForRecordings, limit}
	}
	return Wait{}
}

// recordingLimit is how long after the end of a call its recordings are expected. If
// nobody answered, all there can be is a message that the caller left.
func (r *Record) recordingLimit() time.Duration {
	switch outcome := r.Was.Closing.Facts.Outcome; {
	case outcome == Answered:
		return r.Limits.Recording
	case outcome.allowsVoicemail():
		return min(voicemailLimit, r.Limits.Recording)
	}
	return 0
}

// wrapUpDue is when the wrap-up time of an answered call is over, if automations act on that.
func (r *Record) wrapUpDue(closing *Closing) (due time.Time, wanted bool) {
	expects := r.Opened.Expects
	return r.endedAt(closing).Add(expects.WrapUpTime), expects.WrapUpTime > 0 && closing.Facts.Outcome == Answered
}

// endedAt is when the end of the call was reported or, without a report, assumed.
func (r *Record) endedAt(closing *Closing) time.Time {
	switch end := r.end(); {
	case end == nil:
		return closing.At
	case r.wasTransferred():
		return r.lastReceived() // the end of the last agent's leg
	default:
		return end.since()
	}
}
