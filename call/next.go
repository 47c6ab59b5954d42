package call

import (
	"slices"
	"time"
)

// Next is what to do next: run a step, or wait. The zero value means that the call is over
// and everything is written.
type Next struct {
	Step *Step
	Wait Wait
}

// Wait is what a call waits for, and until when.
type Wait struct {
	For   WaitsFor
	Until time.Time
}

// Next returns what to do at the given time:
//
//  1. The conversation is opened when the call rings, when a report identifies the
//     customer, or after a few seconds without either.
//  2. While the conversation does not show everything that was reported, a step is due.
//     The order of urgency is: a pick-up, the identity of the customer or the agent, the
//     outcome, recordings, the end of the wrap-up, earlier calls of a customer who was
//     reached.
//  3. Otherwise the call waits for an agent, its end, the next agent after a transfer, or
//     late reports. Once the outcome is written, it waits for the later events that
//     automations act on.
//  4. When nothing is left to do or to wait for, the call is over.
//
// Reports that arrive while a step is in progress are added to the record. They do not
// change that step; a later step writes them.
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

// untilCustomerKnown returns the wait for a report that identifies the customer. It applies
// if the first report is about an agent attempt or arrived before the report of the ringing.
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

// isOver reports whether the call itself is over. Once an outcome was written it stays over:
// a later report corrects the outcome at once.
func (r *Record) isOver(now time.Time) bool {
	return r.Was.Closing != nil || !r.untilOver().Until.After(now)
}

// untilOver returns the wait for the next agent or for the end of the call. The call is over
// if that time has passed or is zero.
func (r *Record) untilOver() Wait {
	isAnswered, end := len(r.pickUps()) > 0, r.end()
	switch {
	case isAnswered && r.isHandedOver() && !r.Opened.Expects.Finish:
		return Wait{} // no automation acts on the end
	case end == nil && !isAnswered:
		last := slices.MaxFunc([]time.Time{r.Started, r.lastReceived()}, time.Time.Compare)
		return Wait{WaitsForAgent, last.Add(r.Limits.Bridge)}
	case end == nil:
		return Wait{WaitsForEnd, r.Started.Add(r.Limits.Bridge + r.Limits.End)}
	case !r.wasTransferred():
		return Wait{WaitsForLateReports, end.since().Add(r.Limits.Settle)}
	case r.goesOn(): // an agent talks
		return Wait{WaitsForTransfer, r.lastReceived().Add(min(transferTalk, r.Limits.End))}
	case !r.wasFollowed(end): // the next agent's phone rings
		return Wait{WaitsForTransfer, r.lastReceived().Add(max(transferLimit, r.Limits.Settle))}
	}
	return Wait{WaitsForLateReports, r.lastReceived().Add(r.Limits.Settle)}
}

// isHandedOver reports whether the conversation, if there is one, was assigned to an agent.
func (r *Record) isHandedOver() bool {
	return r.Opened != nil && (len(r.Was.PickUps) > 0 || !r.Opened.Conversation)
}

// CallWait returns what the call itself waits for, even while a step is in progress.
func (r *Record) CallWait() Wait {
	if r.Opened == nil {
		if wait := r.untilCustomerKnown(); wait.For != "" {
			return wait
		}
	}
	return r.untilOver()
}

// HasEnded reports whether the call has ended according to the reports. Late reports may follow.
func (r *Record) HasEnded(now time.Time) bool {
	if r.isOver(now) {
		return true
	}
	return r.end() != nil && r.untilOver().For != WaitsForTransfer
}

// wasFollowed reports whether an agent had the call after the parent leg ended: the agent picked
// up after that, or before it in a warm transfer and talked on.
func (r *Record) wasFollowed(end *Report) bool {
	isLater := func(p pickUp) bool { return !p.at().Before(end.At()) }
	talkedOn := func(a Attempt) bool { return a.HadCaller() && a.Leg.end().Sub(end.At()) > pickUpWindow }
	return slices.ContainsFunc(r.pickUps(), isLater) || slices.ContainsFunc(r.over().Attempts, talkedOn)
}

// wasTransferred reports whether the customer's leg ended by a transfer.
func (r *Record) wasTransferred() bool { return r.Facts().Leg.WasTransferred() }

// goesOn reports whether the agent who picked up last is still on the line of a transferred call.
// The ends of the agents' legs decide. If babelforce reports none, no agent is.
func (r *Record) goesOn() bool {
	over, bridges := r.over(), r.bridges()
	return len(over.Attempts) > 0 && len(bridges) > 0 && !over.LastAgentHungUp(bridges)
}

// untilAfterwards returns the wait for events after the call, if automations act on them.
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

// recordingLimit returns how long after the end of a call its recordings are expected. The
// only recording of an unanswered call is a voicemail.
func (r *Record) recordingLimit() time.Duration {
	switch outcome := r.Was.Closing.Facts.Outcome; {
	case outcome == Answered:
		return r.Limits.Recording
	case outcome.allowsVoicemail():
		return min(voicemailLimit, r.Limits.Recording)
	}
	return 0
}

// wrapUpDue returns when the wrap-up time of an answered call ends, and whether automations
// act on that.
func (r *Record) wrapUpDue(closing *Closing) (due time.Time, wanted bool) {
	expects := r.Opened.Expects
	return r.endedAt(closing).Add(expects.WrapUpTime), expects.WrapUpTime > 0 && closing.Facts.Outcome == Answered
}

// endedAt returns when the end of the call was reported or, without a report, assumed.
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
