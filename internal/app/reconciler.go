package app

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"github.com/urfave/cli/v2"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/worker"

	"github.com/callthread/callthread/automation"
	"github.com/callthread/callthread/call"
	"github.com/callthread/callthread/reconcile"
)

// Reconciler says how babelforce's call log is compared with the calls received.
type Reconciler struct {
	Temporal   *Temporal
	Babelforce Babelforce
	Since      string
	Late       time.Duration
	Every      time.Duration
	Zone       string
}
