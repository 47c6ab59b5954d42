package call

import "slices"

// reachedCustomer reports whether the conversation shows that the customer was reached,
// and earlier calls of the customer are to be dealt with. That comes after the outcome:
// it has time, and no hand-over waits for it.
func (r *Record) reachedCustomer() bool {
	return r.Opened.Expects.Reached && len(r.Was.PickUps) > 0 && r.Was.Opening.hasNumber()
}

// waited gives every pick-up how long the customer had waited for the first one.
func (s *Story) waited() {
	if len(s.PickUps) == 0 {
		return
	}
	first := slices.MinFunc(s.PickUps, func(a, b PickUp) int { return a.At.Compare(b.At) })
	for i := range s.PickUps {
		s.PickUps[i].Facts.Summary.WaitSeconds = first.Facts.Leg.Seconds
	}
}
