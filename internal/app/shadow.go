package app

import (
	"errors"
	"log/slog"

	"github.com/urfave/cli/v2"

	"github.com/callthread/callthread/workflows"
)

// ShadowBudget is the share of the org's requests a minute that a shadow has unless it is
// set: nobody waits for it.
const ShadowBudget = 200

// Shadow says whether calls are only tried: everything is read and decided, and nothing
// is written to Kustomer.
type Shadow struct {
	On bool
	// Vendor is the Kustomer user by whom the automation in use creates conversations.
	Vendor string
}

// Flags are the settings.
func (s *Shadow) Flags() []cli.Flag {
	return []cli.Flag{
		&cli.BoolFlag{
			Name: "shadow", EnvVars: []string{"CALLTHREAD_SHADOW"},
			Usage: "write nothing to Kustomer, and only show what would be written; receiver and workers need it, and run beside live ones on a task queue of their own", Destination: &s.On,
		},
		&cli.StringFlag{
			Name: "shadow-vendor", EnvVars: []string{"CALLTHREAD_SHADOW_VENDOR"},
			Usage: "Kustomer `ID` of the user or app by whom the automation in use creates conversations, which a shadow compares with its own; without it, those by anyone but the user of our key", Destination: &s.Vendor,
		},
	}
}

// InMode puts the settings that depend on whether it is a shadow in place, once all are read.
func (w *Worker) InMode(c *cli.Context) error {
	if !w.Shadow.On {
		return nil
	}
	if w.CompareOnly {
		return errors.New("--shadow (CALLTHREAD_SHADOW) and --compare-only (CALLTHREAD_COMPARE_ONLY) exclude each other: a shadow compares nothing with babelforce's log")
	}
	w.Temporal.TaskQueue = workflows.ShadowTaskQueue(w.Temporal.TaskQueue)
	if !c.IsSet("kustomer-budget") {
		w.Kustomer.Budget = ShadowBudget
	}
	return nil
}

// Log is the log of a program, each line of which says that it is a shadow's.
func (s Shadow) Log(log *slog.Logger) *slog.Logger {
	if s.On {
		return log.With("shadow", true)
	}
	return log
}

// serving is what a worker does, as its log says.
func (s Shadow) serving() string {
	if s.On {
		return "worker serves calls in shadow: nothing is written to Kustomer"
	}
	return "worker serves calls"
}
