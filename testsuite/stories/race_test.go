//go:build race

package stories

// The race detector makes a playing ten times slower, and the order of events does not reveal
// races.
const (
	fewEvents    = 4
	sample       = 24
	recordEvents = 4
)
