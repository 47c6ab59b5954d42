package app

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/urfave/cli/v2"

	"github.com/callthread/callthread/internal/build"
	"github.com/callthread/callthread/kustomer"
)

// DefaultBudget is our share, in requests a minute, of the 1,000 that a Kustomer
// org on the Enterprise plan has for everything that it runs.
const DefaultBudget = 800

// A mounted secret takes up to a minute to change anyway; a tenth of that costs one small read.
const lookForKey = 10 * time.Second

// Kustomer says which Kustomer org the conversations go to.
type Kustomer struct {
	URL        string
	APIKeyFile string
	// Budget is how many requests a minute all workers together may make, of the
	// limit that the whole org shares; see [kustomer.Config].
	Budget int

	shadow  bool // nothing is written
	client  *kustomer.Client
	key     string // in use
	problem string // with taking up another, "" for none
	waits   bool   // Kustomer has asked for a long wait, which was logged
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
			Usage: "`FILE` that holds the API key, taken up when it changes; without it the key is read from KUSTOMER_API_KEY, at the start only", Destination: &k.APIKeyFile,
		},
		&cli.IntFlag{
			Name: "kustomer-budget", EnvVars: []string{"KUSTOMER_BUDGET"},
			Usage: fmt.Sprintf("requests a minute that all workers together may make; the rest of the org's limit is left to others; in shadow %d unless it is set", ShadowBudget), Value: DefaultBudget, Destination: &k.Budget,
		},
	}
}

// Client makes the client, or says which setting is missing.
func (k *Kustomer) Client(observe func(context.Context, kustomer.Exchange)) (*kustomer.Client, error) {
	if k.URL == "" {
		return nil, errors.New("no Kustomer to write to: set --kustomer-url or KUSTOMER_URL to https://<org>.api.kustomerapp.com")
	}
	key, err := k.readKey()
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
		BaseURL: k.URL, APIKey: key, UserAgent: build.UserAgent(), RequestsPerMinute: k.Budget, Shadow: k.shadow, Observe: observe,
	})
	if err != nil {
		return nil, fmt.Errorf("--kustomer-url (KUSTOMER_URL) or --kustomer-api-key-file (KUSTOMER_API_KEY): %w", err)
	}
	k.client, k.key = client, key
	return client, nil
}

func (k *Kustomer) readKey() (string, error) {
	return Secret(k.APIKeyFile, "--kustomer-api-key-file", "KUSTOMER_API_KEY")
}

// takeUpKey gives the client the key that the file holds by now. A file without
// a usable key is told once, and leaves the key as it is.
func (k *Kustomer) takeUpKey(log *slog.Logger) {
	if k.APIKeyFile == "" {
		return // the environment does not change
	}
	key, err := k.readKey()
	if err == nil && key != k.key {
		if err = k.client.SetAPIKey(key); err == nil {
			k.key = key
			log.Info("the Kustomer API key was replaced")
		}
	}
	if err == nil {
		k.problem = ""
	} else if err.Error() != k.problem {
		k.problem = err.Error()
		log.Error("the Kustomer API key was not replaced: requests go on with the one before", "problem", err)
	}
}

// logWait logs once that Kustomer asks for a long wait, and once that it no longer does.
func (k *Kustomer) logWait(until time.Time, log *slog.Logger) {
	if waits := !until.IsZero(); waits != k.waits {
		k.waits = waits
		if waits {
			log.Warn("Kustomer asks for a long wait: steps of calls wait, and one request a minute asks again", "until", until)
		} else {
			log.Info("Kustomer no longer asks for a wait: steps of calls go on")
		}
	}
}
