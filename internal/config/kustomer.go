package config

import (
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/callthread/callthread/kustomer"
)

// DefaultBudget is our share, in requests a minute, of the 1,000 that a Kustomer
// org on the Enterprise plan has for everything that it runs.
const DefaultBudget = 800

// Kustomer says which Kustomer org the conversations go to.
type Kustomer struct {
	URL        string
	APIKeyFile string
	// Budget is how many requests a minute this process may make, of the limit that the whole org shares.
	Budget int
}

// Flags are the settings.
func (k *Kustomer) Flags() []cli.Flag {
	return []cli.Flag{
		&cli.StringFlag{
			Name: "kustomer-url", EnvVars: []string{"KUSTOMER_URL"},
			Usage: "Kustomer's `URL` for your org: https://<org>.api.kustomerapp.com", Destination: &k.URL,
		},
		&cli.StringFlag{
			Name: "kustomer-api-key-file", EnvVars: []string{"KUSTOMER_API_KEY_FILE"},
			Usage: "`FILE` that holds the API key; without it the key is read from KUSTOMER_API_KEY", Destination: &k.APIKeyFile,
		},
		&cli.IntFlag{
			Name: "kustomer-budget", EnvVars: []string{"KUSTOMER_BUDGET"},
			Usage: "requests a minute that this process may make", Value: DefaultBudget, Destination: &k.Budget,
		},
	}
}

// Client makes the client, or says which setting is missing.
func (k *Kustomer) Client(observe func(kustomer.Exchange)) (*kustomer.Client, error) {
	if k.URL == "" {
		return nil, errors.New("no Kustomer to write to: set --kustomer-url or KUSTOMER_URL to https://<org>.api.kustomerapp.com")
	}
	key, err := Secret(k.APIKeyFile, "--kustomer-api-key-file", "KUSTOMER_API_KEY")
	if err != nil {
		return nil, err
	}
	if key == "" {
		return nil, errors.New("no Kustomer API key: set --kustomer-api-key-file to a file that holds it, or KUSTOMER_API_KEY")
	}
	if k.Budget < 1 {
		return nil, errors.New("--kustomer-budget (KUSTOMER_BUDGET) must be at least 1 request a minute")
	}
	client, err := kustomer.New(kustomer.Config{
		BaseURL: k.URL, APIKey: key, UserAgent: "callthread", RequestsPerMinute: k.Budget, Observe: observe,
	})
	if err != nil {
		return nil, fmt.Errorf("--kustomer-url (KUSTOMER_URL) or --kustomer-api-key-file (KUSTOMER_API_KEY): %w", err)
	}
	return client, nil
}

// Secret reads a secret from the file that a flag names, else from the
// environment; neither gives "". The flag's own variable is <variable>_FILE.
func Secret(file, flag, variable string) (string, error) {
	if file == "" {
		return strings.TrimSpace(os.Getenv(variable)), nil
	}
	text, err := os.ReadFile(file)
	if err != nil {
		return "", fmt.Errorf("%s (%s_FILE): %w", flag, variable, err)
	}
	value := strings.TrimSpace(string(text))
	if value == "" {
		return "", fmt.Errorf("%s (%s_FILE): %s is empty", flag, variable, file)
	}
	return value, nil
}
