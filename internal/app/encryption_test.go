package app

import (
	"bytes"
	"encoding/base64"
	"log/slog"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	commonpb "go.temporal.io/api/common/v1"
	"go.temporal.io/sdk/temporal"
)

var (
	keyBytes  = base64.StdEncoding.EncodeToString([]byte("0123456789abcdef0123456789ABCDEF"))
	firstKey  = "first:" + keyBytes
	secondKey = "second:" + keyBytes
)

func TestKeysComeFromFileOrEnvironment(t *testing.T) {
	for name, c := range map[string]struct {
		args           []string
		env, file      string
		wantOn, wantID string
	}{
		"neither":               {nil, "", "", "off", ""},
		"environment":           {nil, firstKey + "," + secondKey, "", "on", "first"},
		"file of a flag":        {[]string{"--encryption-key-file", writeFile(t, secondKey+"\n"+firstKey+"\n")}, firstKey, "", "on", "second"},
		"file of a variable":    {nil, firstKey, writeFile(t, secondKey), "on", "second"},
		"flag beats a variable": {[]string{"--encryption-key-file", writeFile(t, firstKey)}, "", writeFile(t, secondKey), "on", "first"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Setenv("CALLTHREAD_ENCRYPTION_KEYS", c.env)
			if c.file != "" {
				t.Setenv("CALLTHREAD_ENCRYPTION_KEYS_FILE", c.file)
			}
			s, err := parse(t, c.args...)
			require.NoError(t, err)
			keys, err := s.temporal.Encryption.Keys()
			require.NoError(t, err)
			require.Equal(t, c.wantID, keys.First())
			require.Equal(t, c.wantOn == "on", s.temporal.Encryption.On())
		})
	}
}

func TestInvalidKeysAreRefused(t *testing.T) {
	t.Setenv("TEMPORAL_CONFIG_FILE", os.DevNull)
	for says, keys := range map[string]string{"key 2 of 2": firstKey + "," + keyBytes, "32 of AES-256": "first:" + keyBytes[:8], "id:base64": keyBytes + ":first"} {
		t.Setenv("CALLTHREAD_ENCRYPTION_KEYS", keys)
		_, err := new(Temporal).Client(slog.New(slog.DiscardHandler))
		for _, word := range []string{says, "--encryption-key-file", "CALLTHREAD_ENCRYPTION_KEYS"} {
			require.ErrorContains(t, err, word)
		}
		require.NotContains(t, err.Error(), keyBytes[:8])
	}
	_, err := (&Temporal{Encryption: Encryption{KeyFile: "/nowhere"}}).Client(slog.New(slog.DiscardHandler))
	require.ErrorContains(t, err, "--encryption-key-file (CALLTHREAD_ENCRYPTION_KEYS_FILE)")
}

func TestEncryptionIsLoggedOnce(t *testing.T) {
	t.Setenv("TEMPORAL_CONFIG_FILE", os.DevNull)
	for keys, says := range map[string][]string{
		"":       {"level=WARN", "unencrypted", "phone numbers, names and notes", "--encryption-key-file", "CALLTHREAD_ENCRYPTION_KEYS", "starter keygen"},
		firstKey: {"level=INFO", "is encrypted", "key=first"},
	} {
		t.Setenv("CALLTHREAD_ENCRYPTION_KEYS", keys)
		var logs bytes.Buffer
		log := slog.New(slog.NewTextHandler(&logs, nil))
		var server Temporal
		client, err := server.Client(log)
		require.NoError(t, err)
		defer client.Close()
		require.NoError(t, server.AwaitReady(t.Context(), &namespace{}, log))
		require.Equal(t, 1, strings.Count(logs.String(), "\n"), logs.String())
		for _, word := range says {
			require.Contains(t, logs.String(), word)
		}
		require.NotContains(t, logs.String(), keyBytes)
	}
}

// The SDK logs every failed attempt of an activity, and the result of one that is too late.
func TestLogHasNoPersonalData(t *testing.T) {
	for _, format := range []string{"text", "json"} {
		var out bytes.Buffer
		log, err := (&Log{Level: "debug", Format: format}).Logger(&out)
		require.NoError(t, err)
		refused := temporal.NewApplicationErrorWithOptions("cannot create customer: taken by Jane Doe", "KustomerRefused",
			temporal.ApplicationErrorOptions{Details: []any{"cannot create customer: conflict (HTTP 409)"}, NonRetryable: true})
		log.With("attempt", 1).Error("Activity error.", "Error", refused)
		log.Info("Activity complete after timeout.", "Result", &commonpb.Payloads{Payloads: []*commonpb.Payload{{Data: []byte("Jane Doe")}}})
		log.Warn("without details", "Error", temporal.NewApplicationError("in our own words", "Finding"))
		require.NotContains(t, out.String(), "Jane")
		for _, word := range []string{"cannot create customer: conflict (HTTP 409)", "KustomerRefused", "retryable: false", "not shown", "in our own words"} {
			require.Contains(t, out.String(), word)
		}
	}
}
