// Package testsuite checks calls from their webhooks to Kustomer on a real Temporal server.
//
// It covers what agents, operators and failures do to a call in the meantime: lost answers,
// merged and deleted conversations, parked and reset workflows, worker deaths and outages. It
// also records the histories of testsuite/histories.
package testsuite

import (
	"os"
	"testing"

	"github.com/callthread/callthread/testsuite/stage"
)

func TestMain(m *testing.M) { os.Exit(stage.Run(m)) }
