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

// DefaultBudget is the default budget in requests a minute. A Kustomer org on the Enterprise plan
// has 1,000 requests a minute for all its integrations.
const DefaultBudget = 800

// lookForKey is the interval between checks for a new key. A mounted secret takes up to a minute to
// change; a check is one small read. It is a variable for tests.
var lookForKey = 10 * time.Second

// Kustomer contains the settings for the Kustomer org.
type Kustomer struct {
	URL        string // https://<org>.api.kustomerapp.com
	APIKeyFile string // path; "" reads KUSTOMER_API_KEY
	// Budget limits the requests a minute of all workers together. The org's limit applies to all
	// its integrations; see [kustomer.Config].
	Budget int

	shadow  bool // nothing is written
	client  *kustomer.Client
	key     string // in use
	problem string // last error of reading a new key, "" for none
	waits   bool   // Kustomer requires a long wait, and this was logged
}

// Flags returns the flags of the settings.
func (k *Kustomer) Flags() []cli.Flag {
	return []cli.Flag{
		&cli.StringFlag{
			Name: "kustomer-url", EnvVars: []string{"KUSTOMER_URL"},
			Usage: "Kustomer's `URL` for your org: https://<org>.api.kustomerapp.com", Destination: &k.URL,
		},
		&cli.StringFlag{
			Name: "kustomer-api-key-file", EnvVars: []string{"KUSTOMER_API_KEY_FILE"},
			Usage: "`FILE` with the API key, reloaded when it changes; without it the key is read from KUSTOMER_API_KEY, at the start only", Destination: &k.APIKeyFile,
		},
		&cli.IntFlag{
			Name: "kustomer-budget", EnvVars: []string{"KUSTOMER_BUDGET"},
			Usage: fmt.Sprintf("requests a minute of all workers together; other integrations need the rest of the org's limit; the default in shadow is %d", ShadowBudget), Value: DefaultBudget, Destination: &k.Budget,
		},
	}
}

// Client returns the client of the org. The error names a missing or invalid setting. Each exchange
// with Kustomer is passed to observe, which may be nil.
func (k *Kustomer) Client(observe func(context.Context, kustomer.Exchange)) (*kustomer.Client, error) {
	if k.URL == "" {
		return nil, errors.New("no Kustomer org is set: set --kustomer-url or KUSTOMER_URL to https://<org>.api.kustomerapp.com")
	}
	key, err := k.readKey()
	if err != nil {
		return nil, err
	}
	if key == "" {
		return nil, errors.New("no Kustomer API key: set --kustomer-api-key-file to a file with the key, or KUSTOMER_API_KEY")
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

// look sets a changed key and logs long waits. A worker that only compares has no client.
func (k *Kustomer) look(log *slog.Logger) {
	if k.client == nil {
		return
	}
	k.takeUpKey(log)
	k.logWait(k.client.WaitsUntil(), log)
}

// takeUpKey sets the client's key from the file if it has changed. If the file has no valid key, the
// key stays as it is and the error is logged once.
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
		log.Error("the Kustomer API key was not replaced: requests go on with the previous key", "problem", err)
	}
}

// logWait logs when Kustomer begins to require a long wait, and when it no longer does.
func (k *Kustomer) logWait(until time.Time, log *slog.Logger) {
	if waits := !until.IsZero(); waits != k.waits {
		k.waits = waits
		if waits {
			log.Warn("Kustomer asks for a long wait: activities of calls wait, and one request a minute tries again", "until", until)
		} else {
			log.Info("Kustomer no longer asks for a wait: activities of calls go on")
		}
	}
}
