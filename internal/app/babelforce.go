package app

import (
	"fmt"
	"slices"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/callthread/callthread/babelforce/calllog"
	"github.com/callthread/callthread/internal/build"
)

// Babelforce says where babelforce's call log is, and who may read it.
type Babelforce struct {
	URL                     string
	User                    string
	PasswordFile, TokenFile string
	TimeFilter              string
}

// Flags are the settings.
func (b *Babelforce) Flags() []cli.Flag {
	return []cli.Flag{
		&cli.StringFlag{
			Name: "babelforce-url", EnvVars: []string{"BABELFORCE_URL"},
			Usage: "babelforce's API, whose call log is compared with the calls received", Value: calllog.DefaultURL, Destination: &b.URL,
		},
		&cli.StringFlag{
			Name: "babelforce-user", EnvVars: []string{"BABELFORCE_USER"},
			Usage: "`USER` with manager rights, or the id of a client; without a user or a token nothing is compared", Destination: &b.User,
		},
		&cli.StringFlag{
			Name: "babelforce-password-file", EnvVars: []string{"BABELFORCE_PASSWORD_FILE"},
			Usage: "`FILE` with the user's password; without it the password is read from BABELFORCE_PASSWORD", Destination: &b.PasswordFile,
		},
		&cli.StringFlag{
			Name: "babelforce-token-file", EnvVars: []string{"BABELFORCE_TOKEN_FILE"},
			Usage: "`FILE` with an access token to use instead of a user; without it the token is read from BABELFORCE_TOKEN", Destination: &b.TokenFile,
		},
		&cli.StringFlag{
			Name: "babelforce-time-filter", EnvVars: []string{"BABELFORCE_TIME_FILTER"},
			Usage: "the `PARAMETER` by which the log chooses calls of a time, as `starter probe` finds it: " + timeFilters(), Value: string(calllog.TimeFilters[0]), Destination: &b.TimeFilter,
		},
	}
}

func timeFilters() string {
	var names []string
	for _, filter := range calllog.TimeFilters {
		names = append(names, string(filter))
	}
	return strings.Join(names, ", ")
}

// Client makes the client, nil where no credentials are set.
func (b *Babelforce) Client() (*calllog.Client, error) {
	password, err := Secret(b.PasswordFile, "--babelforce-password-file", "BABELFORCE_PASSWORD")
	if err != nil {
		return nil, err
	}
	token, err := Secret(b.TokenFile, "--babelforce-token-file", "BABELFORCE_TOKEN")
	if err != nil {
		return nil, err
	}
	if b.User == "" && password == "" && token == "" {
		return nil, nil
	}
	if !slices.Contains(calllog.TimeFilters, calllog.TimeFilter(b.TimeFilter)) {
		return nil, fmt.Errorf("--babelforce-time-filter (BABELFORCE_TIME_FILTER) %q is none of %s", b.TimeFilter, timeFilters())
	}
	client, err := calllog.New(calllog.Config{
		BaseURL: b.URL, Credentials: calllog.Credentials{User: b.User, Password: password, Token: token}, TimeFilter: calllog.TimeFilter(b.TimeFilter), UserAgent: build.UserAgent(),
	})
	if err != nil {
		return nil, fmt.Errorf("%w: --babelforce-url, --babelforce-user and --babelforce-password-file, or --babelforce-token-file (BABELFORCE_URL, BABELFORCE_USER, BABELFORCE_PASSWORD, BABELFORCE_TOKEN)", err)
	}
	return client, nil
}
