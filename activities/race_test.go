//go:build race

package activities

// The race detector makes a call ten times as slow, and which request fails does not affect
// races.
const nthRequests, manySeeds = 1, 8
