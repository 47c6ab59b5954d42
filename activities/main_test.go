package activities

import (
	"os"
	"testing"
)

// What a worker remembers does not expire: the goroutine that would forget it never ends, and no goroutine may remain
// in a bubble of synctest.
func TestMain(m *testing.M) {
	userCacheTime, lostTagsCacheTime = 0, 0
	os.Exit(m.Run())
}
