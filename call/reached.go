package call

import "slices"

// reachedCustomer reports whether the customer was reached and the customer's earlier calls must
// be updated. This step comes after the outcome, because it is not urgent and no agent waits for it.
func (r *Record) reachedCustomer() bool {
	return r.Opened.Expects.Reached && len(r.Was.PickUps) > 0 && r.Was.Opening.hasNumber()
}

// waited sets the wait of every pick-up to the wait for the first one.
func (s *Story) waited() {
	if len(s.PickUps) == 0 {
		return
	}
	first := slices.MinFunc(s.PickUps, func(a, b PickUp) int { return a.At.Compare(b.At) })
	for i := range s.PickUps {
		s.PickUps[i].Facts.Summary.WaitSeconds = first.Facts.Leg.Seconds
	}
}
