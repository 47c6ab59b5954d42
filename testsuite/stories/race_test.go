//go:build race

package stories

// The race detector makes a playing ten times as slow, and races do not hide in the order of events.
const (
	fewEvents    = 4
	sample       = 24
	recordEvents = 4
)
