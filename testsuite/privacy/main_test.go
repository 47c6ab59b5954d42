package privacy

import (
	"os"
	"testing"

	"github.com/callthread/callthread/testsuite/stage"
)

// Temporal deletes a call after it has recorded that the end of the call was processed. It does so
// every second here, and every 30 seconds by default.
func TestMain(m *testing.M) {
	os.Exit(stage.Run(m, `history.transferProcessorUpdateAckInterval="1s"`))
}
