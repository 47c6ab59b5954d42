// Package testsuite proves on a real Temporal server what becomes of a call from
// its webhooks to Kustomer, whatever people and machines do meanwhile.
package testsuite

import (
	"os"
	"testing"

	"github.com/callthread/callthread/testsuite/stage"
)

func TestMain(m *testing.M) { os.Exit(stage.Run(m)) }
