package main

import (
	"bytes"
	"io"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/converter"

	"github.com/callthread/callthread/internal/codec"
	"github.com/callthread/callthread/internal/operator"
	"github.com/callthread/callthread/workflows"
)

const someKey = "2026:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="

func TestKeygenPrintsAUsableKey(t *testing.T) {
	var named, dated bytes.Buffer
	require.NoError(t, run(t.Context(), []string{"starter", "keygen", "--id", "2026-11"}, &named, io.Discard))
	require.Regexp(t, regexp.MustCompile(`^2026-11:\S{44}\n$`), named.String())
	require.NoError(t, run(t.Context(), []string{"starter", "keygen"}, &dated, io.Discard))
	id, _, _ := strings.Cut(dated.String(), ":")
	made, err := time.Parse("20060102T150405Z", id)
	require.NoError(t, err)
	require.WithinDuration(t, time.Now(), made, time.Minute)

	keys, err := codec.ParseKeys(dated.String() + named.String())
	require.NoError(t, err)
	require.Equal(t, id, keys.First())
}

// asked posts to the codec server like a page of the Web UI.
func asked(t *testing.T, url, origin, authorization string) (status int) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, url+"/decode", strings.NewReader(`{"payloads":[]}`))
	require.NoError(t, err)
	request.Header.Set("Origin", origin)
	request.Header.Set("Authorization", authorization)
	status, _ = fetch(t, request)
	return status
}

func TestCodecServerNeedsOriginAndSecret(t *testing.T) {
	t.Setenv("CALLTHREAD_ENCRYPTION_KEYS", someKey)
	t.Setenv("CALLTHREAD_UI_ORIGIN", "https://temporal.example.com, http://localhost:8233")
	p := launch(t, "codec-server", "--listen", "127.0.0.1:0", "--codec-secret-file", writeFile(t, "secret\n"), "--log-format", "json")
	url := "http://" + p.await(t, "listening").Address
	for _, origin := range []string{"https://temporal.example.com", "http://localhost:8233"} {
		require.Equal(t, http.StatusOK, asked(t, url, origin, "Bearer secret"))
		require.Equal(t, http.StatusUnauthorized, asked(t, url, origin, "Bearer other"))
	}
	require.Equal(t, http.StatusForbidden, asked(t, url, "https://evil.example.com", "Bearer secret"))
	p.stop()
	p.requireEnded(t)
}

func TestCodecServerWithoutSecretWarns(t *testing.T) {
	t.Setenv("CALLTHREAD_ENCRYPTION_KEYS", someKey)
	p := launch(t, "codec-server", "--insecure", "--listen", "127.0.0.1:0", "--log-format", "json", "--ui-origin", "http://localhost:8233")
	p.await(t, "everyone")
	require.Equal(t, http.StatusOK, asked(t, "http://"+p.await(t, "listening").Address, "http://localhost:8233", ""))
}

// The answer could not be decrypted, and an amendment would be stored unencrypted.
func TestUndecryptableCallGetsNoDecision(t *testing.T) {
	for _, command := range [][]string{{"retry", "older"}, {"skip", "older"}, {"amend", "older", "--set", "name=Jane"}} {
		f := twoParked(t)
		f.keys = someKey
		printed, err := starts(t, command...)
		require.ErrorIs(t, err, operator.ErrNotAllGoOn)
		require.Contains(t, printed, `call older: encrypted with the key "2026", and no key is set here (--encryption-key-file, CALLTHREAD_ENCRYPTION_KEYS)`)
		require.Empty(t, f.calls["call/older"].decisions)

		t.Setenv("CALLTHREAD_ENCRYPTION_KEYS", someKey)
		printed, err = starts(t, command...)
		require.NoError(t, err, printed)
		require.Len(t, f.calls["call/older"].decisions, 1)
		t.Setenv("CALLTHREAD_ENCRYPTION_KEYS", "")
	}
}

func TestEncryptedReasonsAreRead(t *testing.T) {
	f := twoParked(t)
	f.keys = someKey
	f.calls["call/older"].state = workflows.State{Phase: workflows.Parked, ParkedBecause: "taken by Jane"}
	printed, err := starts(t, "parked")
	require.NoError(t, err)
	require.NotContains(t, printed, "Jane")
	printed, err = starts(t, "parked", "--encryption-key-file", writeFile(t, someKey))
	require.NoError(t, err)
	require.Contains(t, printed, "taken by Jane")
}

// data returns the data converter of the workers.
func (f *fakeTemporal) data() converter.DataConverter {
	keys, err := codec.ParseKeys(f.keys)
	if err != nil {
		panic(err)
	}
	var options client.Options
	keys.Protect(&options)
	return options.DataConverter
}
