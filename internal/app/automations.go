package app

import (
	"fmt"
	"os"

	"github.com/urfave/cli/v2"

	"github.com/callthread/callthread/automation"
)

// Automations says what is written to Kustomer for each event of a call.
type Automations struct {
	File string
}

// Flags are the settings.
func (a *Automations) Flags() []cli.Flag {
	return []cli.Flag{
		&cli.StringFlag{
			Name: "automations", EnvVars: []string{"CALLTHREAD_AUTOMATIONS"},
			Usage: "YAML `FILE` that says what is written to Kustomer; without it the built-in one is used, which `starter automations --default` prints. A receiver without a worker reads it too, once: calls that agents place are accepted only where an automation is for them", Destination: &a.File,
		},
	}
}

// Load reads the file and refuses it with all that is wrong with it.
func (a *Automations) Load() (*automation.Set, error) {
	if a.File == "" {
		return automation.Default(), nil
	}
	content, err := os.ReadFile(a.File)
	if err != nil {
		return nil, fmt.Errorf("--automations (CALLTHREAD_AUTOMATIONS): %w", err)
	}
	return automation.Load(a.File, content)
}
