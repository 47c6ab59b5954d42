package app

import (
	"cmp"
	"fmt"
	"os"

	"github.com/urfave/cli/v2"

	"github.com/callthread/callthread/automation"
	"github.com/callthread/callthread/automation/load"
)

// Automations is the setting for the automations file, which defines what is written to Kustomer for
// each event of a call.
type Automations struct {
	File string // path of the file; "" is the built-in file
}

// Flags returns the flag --automations.
func (a *Automations) Flags() []cli.Flag {
	return []cli.Flag{
		&cli.StringFlag{
			Name: "automations", EnvVars: []string{"CALLTHREAD_AUTOMATIONS"},
			Usage: "YAML `FILE` that defines what is written to Kustomer; the default is the built-in file, which `starter automations --default` prints. A receiver without a worker reads it too, once, because it accepts outbound calls only if an automation handles them", Destination: &a.File,
		},
	}
}

// Load reads and validates the file. The error contains all mistakes; warnings are about valid
// settings that may be mistakes. Numbers without a country code belong to the country, two letters
// or "" if the program compares no numbers.
func (a *Automations) Load(country string) (set *automation.Set, warnings load.Problems, err error) {
	content, err := a.Content()
	if err != nil {
		return nil, nil, err
	}
	return load.BytesIn(country, a.Name(), content)
}

// Content returns the content of the file.
func (a *Automations) Content() ([]byte, error) {
	if a.File == "" {
		return automation.DefaultFile, nil
	}
	content, err := os.ReadFile(a.File)
	if err != nil {
		return nil, fmt.Errorf("--automations (CALLTHREAD_AUTOMATIONS): %w", err)
	}
	return content, nil
}

// Name returns the name of the file for messages.
func (a *Automations) Name() string { return cmp.Or(a.File, "the built-in file") }
