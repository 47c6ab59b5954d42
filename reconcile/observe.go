package reconcile

// Observer receives what was compared and repaired, for metrics. Its functions may be nil.
type Observer struct {
	Compared func(Comparison)
	Repaired func(calls int)
	Held     func(calls int) // calls that wait for an operator to repair them
}

func (o Observer) compared(c Comparison) {
	if o.Compared != nil {
		o.Compared(c)
	}
}

func (o Observer) repaired(calls int) {
	if o.Repaired != nil {
		o.Repaired(calls)
	}
}

func (o Observer) held(calls int) {
	if o.Held != nil {
		o.Held(calls)
	}
}
