package shadow

import (
	"os"
	"testing"

	"github.com/callthread/callthread/testsuite/stage"
)

func TestMain(m *testing.M) { os.Exit(stage.Run(m)) }
