package app

import (
	"fmt"
	"log/slog"

	"github.com/urfave/cli/v2"

	"github.com/callthread/callthread/internal/codec"
)

// Encryption contains the keys for the payloads of calls in Temporal.
type Encryption struct {
	KeyFile string // path; "" reads CALLTHREAD_ENCRYPTION_KEYS

	keys *codec.Keys // nil until Keys has read them
}

// Flags returns the flag --encryption-key-file.
func (e *Encryption) Flags() []cli.Flag {
	return []cli.Flag{
		&cli.StringFlag{
			Name: "encryption-key-file", EnvVars: []string{"CALLTHREAD_ENCRYPTION_KEYS_FILE"},
			Usage: "`FILE` with the encryption keys for what Temporal stores of calls (id:base64, one a line or separated by commas; `starter keygen` creates one): the first key encrypts, all keys decrypt; without it the keys are read from CALLTHREAD_ENCRYPTION_KEYS", Destination: &e.KeyFile,
		},
	}
}

// Keys reads the keys. If none are set, the result encrypts nothing.
func (e *Encryption) Keys() (*codec.Keys, error) {
	text, err := secretText(e.KeyFile, "--encryption-key-file", "CALLTHREAD_ENCRYPTION_KEYS")
	if err != nil {
		return nil, err
	}
	if e.keys, err = codec.ParseKeys(text); err != nil {
		return nil, fmt.Errorf("--encryption-key-file or CALLTHREAD_ENCRYPTION_KEYS: %w", err)
	}
	return e.keys, nil
}

// CallerHash returns the hash by which calls of a number can be found, or "" without keys. Keys must
// be called first.
func (e *Encryption) CallerHash(number string) string {
	if !e.On() {
		return ""
	}
	return e.keys.CallerHash(number)
}

// On reports whether keys are set. Keys must be called first.
func (e *Encryption) On() bool { return e.keys != nil && e.keys.First() != "" }

// announce logs at the start of a program whether Temporal stores encrypted payloads.
func (e *Encryption) announce(log *slog.Logger) {
	if !e.On() {
		log.Warn("encryption is off: Temporal will store phone numbers, names and notes unencrypted; " +
			"to switch it on, set --encryption-key-file or CALLTHREAD_ENCRYPTION_KEYS to a key from `starter keygen`, the same for receivers and workers")
		return
	}
	log.Info("what Temporal stores of calls is encrypted", "key", e.keys.First())
}
