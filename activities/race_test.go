//go:build race

package activities

// The race detector makes a call ten times as slow, and races do not hide in which request fails.
const nthRequests, manySeeds = 1, 8
