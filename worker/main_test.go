package main

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/callthread/callthread/internal/build"
)

// limits limits waits in tests, which usually take milliseconds. Only a test that fails takes longer.
const limits = time.Minute

// TestMain removes the developer's settings from the environment and makes Temporal unreachable.
func TestMain(m *testing.M) {
	for _, setting := range os.Environ() {
		name, _, _ := strings.Cut(setting, "=")
		for _, prefix := range []string{"CALLTHREAD_", "KUSTOMER_", "TEMPORAL_"} {
			if strings.HasPrefix(name, prefix) {
				_ = os.Unsetenv(name)
			}
		}
	}
	_ = os.Setenv("TEMPORAL_CONFIG_FILE", os.DevNull)
	_ = os.Setenv("TEMPORAL_ADDRESS", "127.0.0.1:1") // no server listens there
	os.Exit(m.Run())
}

func writeFile(t *testing.T, content string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "file")
	require.NoError(t, os.WriteFile(path, []byte(content), 0o600))
	return path
}

func TestInvalidSettingIsNamed(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer func() { require.NoError(t, listener.Close()) }()
	busy := listener.Addr().String()

	type settings map[string]string
	for name, c := range map[string]struct {
		args []string
		env  settings
		says []string
	}{
		"no Kustomer":      {nil, settings{"KUSTOMER_URL": ""}, []string{"--kustomer-url", "KUSTOMER_URL", "https://<org>"}},
		"URL of no site":   {[]string{"--kustomer-url", "acme"}, nil, []string{"--kustomer-url", "KUSTOMER_URL", "https://<org>"}},
		"no key":           {nil, settings{"KUSTOMER_API_KEY": ""}, []string{"--kustomer-api-key-file", "KUSTOMER_API_KEY"}},
		"key of two words": {nil, settings{"KUSTOMER_API_KEY": "a key"}, []string{"--kustomer-api-key-file", "KUSTOMER_API_KEY", "space"}},
		"empty key file":   {[]string{"--kustomer-api-key-file", writeFile(t, " \n")}, nil, []string{"--kustomer-api-key-file", "KUSTOMER_API_KEY_FILE", "is empty"}},
		"no budget":        {[]string{"--kustomer-budget", "0"}, nil, []string{"--kustomer-budget", "KUSTOMER_BUDGET"}},
		"no automations":   {[]string{"--automations", filepath.Join(t.TempDir(), "none")}, nil, []string{"--automations", "CALLTHREAD_AUTOMATIONS", "no such file"}},
		"bad automations":  {nil, settings{"CALLTHREAD_AUTOMATIONS": writeFile(t, "automation: []")}, []string{":1:1: ", `"automations"`}},
		"no such country":  {nil, settings{"CALLTHREAD_COUNTRY": "XX"}, []string{"--country", "CALLTHREAD_COUNTRY", "XX"}},
		"log level":        {nil, settings{"CALLTHREAD_LOG_LEVEL": "loud"}, []string{"--log-level", "CALLTHREAD_LOG_LEVEL", "loud"}},
		"dots in a name":   {[]string{"--deployment-name", "call.thread", "--build-id", "1"}, nil, []string{"--deployment-name", "CALLTHREAD_DEPLOYMENT_NAME", "dots"}},
		"build of nothing": {nil, settings{"CALLTHREAD_BUILD_ID": "1"}, []string{"--build-id", "--deployment-name", "CALLTHREAD_DEPLOYMENT_NAME"}},
		"no Temporal":      {nil, settings{"TEMPORAL_CONFIG_FILE": writeFile(t, "[")}, []string{"TEMPORAL_*", "temporal.toml"}},
		"half a key":       {nil, settings{"CALLTHREAD_ENCRYPTION_KEYS": "2026:AAAA"}, []string{"--encryption-key-file", "CALLTHREAD_ENCRYPTION_KEYS", "32 of AES-256"}},
		"metrics in use":   {nil, settings{"CALLTHREAD_METRICS_LISTEN": busy}, []string{"--metrics-listen", busy, "in use"}},
		"no web address":   {nil, settings{"CALLTHREAD_NOTIFY_URL": "hooks.example.com"}, []string{"--notify-url-file", "CALLTHREAD_NOTIFY_URL", "https://"}},
		"an argument":      {[]string{"serve"}, nil, []string{"serve", "--help"}},
		"unknown flag":     {[]string{"--listen", ":1"}, nil, []string{"-listen", "--help"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Setenv("KUSTOMER_URL", "https://acme.api.kustomerapp.com")
			t.Setenv("KUSTOMER_API_KEY", "key")
			t.Setenv("CALLTHREAD_METRICS_LISTEN", "")
			for variable, value := range c.env {
				t.Setenv(variable, value)
			}
			ctx, cancel := context.WithTimeout(t.Context(), limits) // a program that starts in spite of it ends without an error
			defer cancel()
			var out, logs bytes.Buffer
			err := run(ctx, append([]string{"worker"}, c.args...), &out, &logs)
			require.Error(t, err)
			require.NotContains(t, err.Error(), "\n")
			for _, word := range c.says {
				require.Contains(t, err.Error(), word)
			}
			require.Empty(t, out.String())
			require.Empty(t, logs.String())
		})
	}
}

// journal sends each line of a JSON log to a channel.
type journal chan map[string]any

func (j journal) Write(line []byte) (int, error) {
	var entry map[string]any
	err := json.Unmarshal(line, &entry)
	j <- entry
	return len(line), err
}

func get(t *testing.T, url string) (status int, text string) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	require.NoError(t, err)
	response, err := http.DefaultClient.Do(request)
	require.NoError(t, err)
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	require.NoError(t, err)
	return response.StatusCode, string(body)
}

func TestWorkerServesMetricsWithoutTemporal(t *testing.T) {
	t.Setenv("KUSTOMER_URL", "not this one: the flag wins")
	ctx, stop := context.WithTimeout(t.Context(), limits)
	defer stop()
	logs, ended := make(journal, 100), make(chan error, 1)
	go func() {
		ended <- run(ctx, []string{
			"worker", "--kustomer-url", "https://acme.api.kustomerapp.com", "--kustomer-api-key-file", writeFile(t, "key\n"),
			"--country", "de", "--metrics-listen", "127.0.0.1:0", "--log-format", "json",
		}, io.Discard, logs)
	}()
	entry := <-logs
	require.Equal(t, "serving metrics", entry["msg"])
	address, _ := entry["address"].(string)
	status, metrics := get(t, "http://"+address+"/metrics")
	require.Equal(t, http.StatusOK, status)
	require.Contains(t, metrics, "go_goroutines")
	require.Contains(t, metrics, `callthread_build_info{commit=`)
	require.NotContains(t, metrics, "callthread_calls_running{", "the number is unknown")
	status, _ = get(t, "http://"+address+"/healthz")
	require.Equal(t, http.StatusOK, status)

	next := func() map[string]any {
		entry := <-logs
		if entry["msg"] == "running calls could not be counted" { // logged with the first request for metrics
			entry = <-logs
		}
		return entry
	}
	entry = next()
	require.Equal(t, "started", entry["msg"])
	require.NotEmpty(t, entry["version"])
	entry = next()
	require.Equal(t, "WARN", entry["level"])
	require.Contains(t, entry["msg"], "encryption is off")

	entry = next()
	require.Equal(t, "waiting for Temporal", entry["msg"])
	require.Equal(t, "127.0.0.1:1", entry["address"])
	status, problem := get(t, "http://"+address+"/readyz") // from now on it knows the reason
	require.Equal(t, http.StatusServiceUnavailable, status)
	require.Contains(t, problem, "Temporal cannot be reached")
	require.Empty(t, ended)
	stop()
	require.NoError(t, <-ended)
}

func TestProgramNamesItsVersion(t *testing.T) {
	var printed bytes.Buffer
	require.NoError(t, run(t.Context(), []string{"worker", "--version"}, &printed, io.Discard))
	require.Equal(t, "worker version "+build.Current().String()+"\n", printed.String())
}

func TestHelpListsEverySetting(t *testing.T) {
	var help bytes.Buffer
	require.NoError(t, run(t.Context(), []string{"worker", "--help"}, &help, io.Discard))
	for _, setting := range []string{
		"--task-queue", "CALLTHREAD_TASK_QUEUE", `"calls"`,
		"--kustomer-url", "KUSTOMER_URL", "--kustomer-api-key-file", "KUSTOMER_API_KEY", "--kustomer-budget", "KUSTOMER_BUDGET", "800",
		"--encryption-key-file", "CALLTHREAD_ENCRYPTION_KEYS",
		"--deployment-name", "CALLTHREAD_DEPLOYMENT_NAME", "TEMPORAL_DEPLOYMENT_NAME", "--build-id", "CALLTHREAD_BUILD_ID", "TEMPORAL_WORKER_BUILD_ID",
		"--automations", "CALLTHREAD_AUTOMATIONS", "--country", "CALLTHREAD_COUNTRY", "--metrics-listen", "CALLTHREAD_METRICS_LISTEN", `":9090"`,
		"TEMPORAL_ADDRESS", "TEMPORAL_NAMESPACE", "TEMPORAL_API_KEY", "TEMPORAL_TLS_*", "temporal.toml",
	} {
		require.Contains(t, help.String(), setting)
	}
}
