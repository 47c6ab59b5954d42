//go:build !race

package stories

const (
	// fewEvents is the number of events up to which every order is played.
	fewEvents = 5
	// sample is the number of orders that are played of longer stories.
	sample = 120
	// recordEvents is the number of events up to which every order is played on the record alone:
	// 720.
	recordEvents = 6
)
