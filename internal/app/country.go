package app

import (
	"fmt"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/callthread/callthread/phone"
)

// Country is where numbers without a country code are at home.
type Country struct{ code string }

// Flags are the settings.
func (c *Country) Flags() []cli.Flag {
	return []cli.Flag{
		&cli.StringFlag{
			Name: "country", EnvVars: []string{"CALLTHREAD_COUNTRY"},
			Usage: "two-letter `CODE` of the country in which numbers without a country code are at home", Destination: &c.code,
		},
	}
}

// Parse is the country's two letters, or "" where none is set.
func (c *Country) Parse() (string, error) {
	code := strings.ToUpper(strings.TrimSpace(c.code))
	if code != "" && !phone.IsCountry(code) {
		return "", fmt.Errorf("--country (CALLTHREAD_COUNTRY) %q: use the country's two letters, such as DE or US", c.code)
	}
	return code, nil
}
