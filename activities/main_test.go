package activities

import (
	"flag"
	"os"
	"testing"
)

// The tests of time-outs wait, so they run in parallel regardless of the number of
// processors. The flag -parallel overrides this.
func TestMain(m *testing.M) {
	flag.Parse()
	if parallel := flag.Lookup("test.parallel"); parallel.Value.String() == parallel.DefValue {
		if err := parallel.Value.Set("16"); err != nil {
			panic(err) // package testing defines the flag, and it takes numbers
		}
	}
	os.Exit(m.Run())
}
