package webhook

import "github.com/hashicorp/golang-lru/v2/expirable"

// runs are the runs that events were delivered to lately, by workflow id. A further
// event of such a call is a plain signal to its run. Any other is delivered with a
// start, in case the call has no run yet: that costs Temporal twice as much.
type runs struct{ *expirable.LRU[string, string] }

// knownRuns are enough for the calls of some hours. Each takes some 200 bytes.
const knownRuns = 10_000

func newRuns() runs { return runs{expirable.NewLRU[string, string](knownRuns, nil, 0)} }
