package privacy

import (
	"os"
	"testing"

	"github.com/callthread/callthread/testsuite/stage"
)

// Temporal deletes a call once it has noted that its end is dealt with. It does so
// every second here; usual is half a minute.
func TestMain(m *testing.M) {
	os.Exit(stage.Run(m, `history.transferProcessorUpdateAckInterval="1s"`))
}
