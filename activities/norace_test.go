//go:build !race

package activities

// nthRequests is how many requests to each route are disturbed, one per call. manySeeds is
// how many calls are disturbed at random.
const nthRequests, manySeeds = 3, 40
