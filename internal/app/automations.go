package app

import (
	"cmp"
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
// are what looks wrong but may be meant. The country is where its numbers without a
// country code are at home; a program that compares none needs none.
func (a *Automations) Load(country string) (set *automation.Set, warnings load.Problems, err error) {
	content, err := a.Content()
	if err != nil {
		return nil, nil, err
	}
	return load.BytesIn(country, a.Name(), content)
}

// Content is the file as it is.
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

// Name is the file's, for messages.
func (a *Automations) Name() string { return cmp.Or(a.File, "the built-in file") }
