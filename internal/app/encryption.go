package app

import (
	"fmt"
	"log/slog"

	"github.com/urfave/cli/v2"

	"github.com/callthread/callthread/internal/codec"
)

// Encryption says with which keys what Temporal stores of calls is encrypted.
type Encryption struct {
	KeyFile string

	keys *codec.Keys // once they were read
}

// Flags are the settings.
func (e *Encryption) Flags() []cli.Flag {
	return []cli.Flag{
		&cli.StringFlag{
			Name: "encryption-key-file", EnvVars: []string{"CALLTHREAD_ENCRYPTION_KEYS_FILE"},
			Usage: "`FILE` with the keys (id:base64, one a line or separated by commas; starter keygen makes one) for what Temporal stores of calls: the first encrypts, all decrypt; without it they are read from CALLTHREAD_ENCRYPTION_KEYS", Destination: &e.KeyFile,
		},
	}
}

// Keys reads the keys; where none are set, nothing is encrypted.
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

// CallerHash is what calls of a number are found by, once the keys were read; "" where there are none.
func (e *Encryption) CallerHash(number string) string {
	if !e.On() {
		return ""
	}
	return e.keys.CallerHash(number)
}

// On reports whether there are keys, once they were read.
func (e *Encryption) On() bool { return e.keys != nil && e.keys.First() != "" }

// announce says at the start of a program what will be kept, and how.
func (e *Encryption) announce(log *slog.Logger) {
	if !e.On() {
		log.Warn("encryption is off: phone numbers, names and notes will lie in Temporal's database in the clear; " +
			"to switch it on, set --encryption-key-file or CALLTHREAD_ENCRYPTION_KEYS to a key that `starter keygen` makes, the same for receivers and workers")
		return
	}
	log.Info("what Temporal stores of calls is encrypted", "key", e.keys.First())
}
