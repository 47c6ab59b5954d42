package app

import (
	"fmt"
	"os"

	"github.com/urfave/cli/v2"

	"github.com/callthread/callthread/automation"
	"github.com/callthread/callthread/automation/load"
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

// Load reads the file and refuses it with all that is wrong with it. Warnings
// are what looks wrong but may be meant.
func (a *Automations) Load() (set *automation.Set, warnings load.Problems, err error) {
	if a.File == "" {
		return load.Default(), nil, nil
	}
	content, err := os.ReadFile(a.File)
	if err != nil {
		return nil, nil, fmt.Errorf("--automations (CALLTHREAD_AUTOMATIONS): %w", err)
	}
	return load.Bytes(a.File, content)
}
