package activities

import (
	"flag"
	"os"
	"testing"
)

// The tests of time-outs wait for them, and so they run side by side, whatever
// the number of processors. -parallel says otherwise.
func TestMain(m *testing.M) {
	flag.Parse()
	if parallel := flag.Lookup("test.parallel"); parallel.Value.String() == parallel.DefValue {
		if err := parallel.Value.Set("16"); err != nil {
			panic(err) // the flag is the testing package's, and takes numbers
		}
	}
	os.Exit(m.Run())
}
