//go:build !race

package stories

const (
	// fewEvents are so few that every order of them is played.
	fewEvents = 5
	// sample is how many orders of more events are played.
	sample = 120
	// recordEvents are those of a story whose orders are played on the record alone: 720.
	recordEvents = 6
)
