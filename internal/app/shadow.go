package app

import (
	"errors"
	"log/slog"

	"github.com/urfave/cli/v2"

	"github.com/callthread/callthread/workflows"
)

// ShadowBudget is the default of --kustomer-budget in shadow, in requests a minute. It is small
// because no agent waits for a shadow.
const ShadowBudget = 200

// Shadow contains the settings of shadow mode: calls are handled as usual, but nothing is written to
// Kustomer.
type Shadow struct {
	On bool
	// Vendor is the id of the Kustomer user or app with which the automation in use creates
	// conversations; "" is every user except that of the API key.
	Vendor string
}

// Flags returns the flags of the settings.
func (s *Shadow) Flags() []cli.Flag {
	return []cli.Flag{
		&cli.BoolFlag{
			Name: "shadow", EnvVars: []string{"CALLTHREAD_SHADOW"},
			Usage: "write nothing to Kustomer, and only show what would be written; set it for receiver and workers, which run beside live ones on a separate task queue", Destination: &s.On,
		},
		&cli.StringFlag{
			Name: "shadow-vendor", EnvVars: []string{"CALLTHREAD_SHADOW_VENDOR"},
			Usage: "Kustomer `ID` of the user or app with which the automation in use creates conversations, which a shadow compares with its own; the default is every user except that of the API key", Destination: &s.Vendor,
		},
	}
}

// InMode applies the task queue and the default budget of shadow mode. It is called after the flags
// were read.
func (w *Worker) InMode(c *cli.Context) error {
	if !w.Shadow.On {
		return nil
	}
	if w.CompareOnly {
		return errors.New("--shadow (CALLTHREAD_SHADOW) and --compare-only (CALLTHREAD_COMPARE_ONLY) exclude each other: a shadow does not compare calls with babelforce's log")
	}
	w.Temporal.TaskQueue = workflows.ShadowTaskQueue(w.Temporal.TaskQueue)
	if !c.IsSet("kustomer-budget") {
		w.Kustomer.Budget = ShadowBudget
	}
	return nil
}

// Log adds shadow=true to each line of a log in shadow mode.
func (s Shadow) Log(log *slog.Logger) *slog.Logger {
	if s.On {
		return log.With("shadow", true)
	}
	return log
}

// serving is the log message of a started worker.
func (s Shadow) serving() string {
	if s.On {
		return "worker serves calls in shadow: nothing is written to Kustomer"
	}
	return "worker serves calls"
}
