package app

import (
	"fmt"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/callthread/callthread/phone"
)

// Country is the setting for the country of numbers without a country code.
type Country struct{ code string }

// Flags returns the flag --country.
func (c *Country) Flags() []cli.Flag {
	return []cli.Flag{
		&cli.StringFlag{
			Name: "country", EnvVars: []string{"CALLTHREAD_COUNTRY"},
			Usage: "two-letter `CODE` of the country of numbers without a country code", Destination: &c.code,
		},
	}
}

// Parse returns the country's two letters in upper case, or "" if none is set. It fails for an
// unknown country.
func (c *Country) Parse() (string, error) {
	code := strings.ToUpper(strings.TrimSpace(c.code))
	if code != "" && !phone.IsCountry(code) {
		return "", fmt.Errorf("--country (CALLTHREAD_COUNTRY) %q: use the country's two letters, such as DE or US", c.code)
	}
	return code, nil
}
