package webhook

import "github.com/hashicorp/golang-lru/v2/expirable"

// runs caches the ids of recently signalled runs, by workflow id. An event of a cached call is a
// plain signal. Any other event needs a signal with start, because the call may have no run yet,
// which costs Temporal twice as much.
type runs struct{ *expirable.LRU[string, string] }

// knownRuns is enough for the calls of some hours. Each entry takes some 200 bytes.
const knownRuns = 10_000

func newRuns() runs { return runs{expirable.NewLRU[string, string](knownRuns, nil, 0)} }
