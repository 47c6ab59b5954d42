package main

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"os"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/callthread/callthread/internal/build"
)

func TestSettingThatCannotWorkIsNamedAndNothingStarts(t *testing.T) {
	empty, missing, busy := writeFile(t, "\n"), writeFile(t, "")+".missing", taken(t)
	first, second := issue(t, 1), issue(t, 2)
	const worker, url = "--with-worker", "--kustomer-url=https://acme.api.kustomerapp.com"
	type settings map[string]string
	for name, c := range map[string]struct {
		args []string
		env  settings
		says []string
	}{
		"no secret":              {nil, settings{"CALLTHREAD_WEBHOOK_SECRET": ""}, []string{"--webhook-secret-file", "CALLTHREAD_WEBHOOK_SECRET", "--insecure"}},
		"half a list of secrets": {nil, settings{"CALLTHREAD_WEBHOOK_SECRET": "old,"}, []string{"--webhook-secret-file", "CALLTHREAD_WEBHOOK_SECRET", "2 of 2 is empty"}},
		"empty secret file":      {[]string{"--webhook-secret-file", empty}, nil, []string{"--webhook-secret-file", "CALLTHREAD_WEBHOOK_SECRET_FILE", "is empty"}},
		"no secret file":         {[]string{"--insecure", "--webhook-secret-file", missing}, nil, []string{"--webhook-secret-file", "CALLTHREAD_WEBHOOK_SECRET_FILE", "no such file"}},
		"secret of two lines":    {[]string{"--webhook-secret-file", writeFile(t, "old\nnew\n")}, nil, []string{"--webhook-secret-file", "CALLTHREAD_WEBHOOK_SECRET", "on one line", "separated by commas"}},

		"no Kustomer":     {[]string{worker}, nil, []string{"--kustomer-url", "KUSTOMER_URL", "https://<org>"}},
		"no key":          {[]string{worker, url}, nil, []string{"--kustomer-api-key-file", "KUSTOMER_API_KEY"}},
		"two-line key":    {[]string{worker, url, "--kustomer-api-key-file", writeFile(t, "old\nnew\n")}, nil, []string{"--kustomer-api-key-file", "KUSTOMER_API_KEY", "on one line"}},
		"empty key file":  {[]string{worker, url, "--kustomer-api-key-file", empty}, nil, []string{"--kustomer-api-key-file", "KUSTOMER_API_KEY_FILE", "is empty"}},
		"URL of no site":  {[]string{worker, "--kustomer-url", "acme"}, settings{"KUSTOMER_API_KEY": "k"}, []string{"--kustomer-url", "KUSTOMER_URL", "https://<org>"}},
		"no budget":       {[]string{worker, url}, settings{"KUSTOMER_API_KEY": "k", "KUSTOMER_BUDGET": "0"}, []string{"--kustomer-budget", "KUSTOMER_BUDGET"}},
		"budget of words": {nil, settings{"KUSTOMER_BUDGET": "many"}, []string{"kustomer-budget", "KUSTOMER_BUDGET"}},
		"no automations":  {[]string{worker, url, "--automations", missing}, settings{"KUSTOMER_API_KEY": "k"}, []string{"--automations", "CALLTHREAD_AUTOMATIONS", "no such file"}},
		"bad automations": {[]string{worker, url}, settings{"KUSTOMER_API_KEY": "k", "CALLTHREAD_AUTOMATIONS": writeFile(t, "automation: []")}, []string{":1:1: ", `"automations"`}},
		"missing automations of a receiver alone": {nil, settings{"CALLTHREAD_AUTOMATIONS": missing}, []string{"--automations", "CALLTHREAD_AUTOMATIONS", "no such file"}},
		"bad automations of a receiver alone":     {[]string{"--automations", writeFile(t, "automation: []")}, nil, []string{":1:1: ", `"automations"`}},
		"no such country":                         {[]string{worker, url, "--country", "Germany"}, settings{"KUSTOMER_API_KEY": "k"}, []string{"--country", "CALLTHREAD_COUNTRY", "DE"}},
		"no Temporal":                             {nil, settings{"TEMPORAL_CONFIG_FILE": writeFile(t, "[")}, []string{"TEMPORAL_*", "temporal.toml"}},
		"no task queue":                           {nil, settings{"CALLTHREAD_TASK_QUEUE": ""}, []string{"--task-queue", "CALLTHREAD_TASK_QUEUE"}},
		"log level":                               {[]string{"--log-level", "loud"}, nil, []string{"--log-level", "CALLTHREAD_LOG_LEVEL", "debug"}},
		"log format":                              {nil, settings{"CALLTHREAD_LOG_FORMAT": "xml"}, []string{"--log-format", "CALLTHREAD_LOG_FORMAT", "json"}},
		"no address":                              {nil, settings{"CALLTHREAD_LISTEN": ""}, []string{"--listen", "CALLTHREAD_LISTEN"}},
		"port in use":                             {[]string{"--listen", busy}, nil, []string{"--listen", busy, "in use"}},
		"metrics in use":                          {[]string{"--metrics-listen", busy}, nil, []string{"--metrics-listen", busy, "in use"}},
		"endless wait":                            {nil, settings{"CALLTHREAD_WAIT_TIMEOUT": "2m"}, []string{"--wait-timeout", "CALLTHREAD_WAIT_TIMEOUT", "40s"}},
		"negative rate":                           {[]string{"--max-rate=-1"}, nil, []string{"--max-rate", "CALLTHREAD_MAX_RATE"}},
		"rate of no number":                       {[]string{"--max-rate=NaN"}, nil, []string{"--max-rate", "CALLTHREAD_MAX_RATE"}},
		"proxies of no network":                   {nil, settings{"CALLTHREAD_TRUSTED_PROXIES": "10.0.0.0/33"}, []string{"--trusted-proxies", "CALLTHREAD_TRUSTED_PROXIES", "10.0.0.0/8"}},
		"certificate without key":                 {[]string{"--tls-cert-file", first.certFile}, nil, []string{"--tls-cert-file", "--tls-key-file", "together"}},
		"key without certificate":                 {nil, settings{"CALLTHREAD_TLS_KEY_FILE": first.keyFile}, []string{"CALLTHREAD_TLS_CERT_FILE", "CALLTHREAD_TLS_KEY_FILE", "together"}},
		"certificate with another's key":          {[]string{"--tls-cert-file", first.certFile, "--tls-key-file", second.keyFile}, nil, []string{"--tls-cert-file", "--tls-key-file", "does not match"}},
		"no certificate file":                     {[]string{"--tls-cert-file", missing, "--tls-key-file", first.keyFile}, nil, []string{"--tls-cert-file", "no such file"}},
		"authority without certificate":           {[]string{"--tls-client-ca-file", first.certFile}, nil, []string{"--tls-client-ca-file", "--tls-cert-file"}},
		"authority of nobody":                     {[]string{"--tls-cert-file", first.certFile, "--tls-key-file", first.keyFile, "--tls-client-ca-file", empty}, nil, []string{"--tls-client-ca-file", "no PEM certificate"}},
		"negative wait for recordings":            {[]string{"--recording-timeout=-1s"}, nil, []string{"--recording-timeout", "CALLTHREAD_RECORDING_TIMEOUT"}},
		"negative limits":                         {[]string{"--settle=-1s"}, nil, []string{"--settle", "CALLTHREAD_SETTLE"}},

		"unknown command":        {[]string{"sreve"}, nil, []string{"sreve", "--help"}},
		"unknown argument":       {[]string{"serve", "now"}, nil, []string{"now", "--help"}},
		"unknown flag":           {[]string{"--lisen", ":1"}, nil, []string{"-lisen", "--help"}},
		"flag before command":    {[]string{"--listen", busy, "serve"}, nil, []string{"serve", "after"}},
		"sandbox port in use":    {[]string{"sandbox", "--listen", busy}, nil, []string{"--listen", "in use"}},
		"sandbox without key":    {[]string{"sandbox", "--api-key", ""}, nil, []string{"--api-key"}},
		"sandbox without time":   {[]string{"sandbox", "--budget", "0"}, nil, []string{"--budget"}},
		"demo of minus a call":   {[]string{"demo", "--calls=-1"}, nil, []string{"--calls"}},
		"demo at no rate":        {[]string{"demo", "--rate", "0"}, nil, []string{"--rate"}},
		"demo of minus a worker": {[]string{"demo", "--replicas=-1"}, nil, []string{"--replicas"}},
		"demo at any rate":       {[]string{"demo", "--rate", "1e12"}, nil, []string{"--rate"}},
		"demo with a bad key":    {[]string{"demo"}, settings{"KUSTOMER_URL": "acme", "KUSTOMER_API_KEY": "k"}, []string{"--kustomer-url", "KUSTOMER_URL"}},
		"check nowhere":          {[]string{"check", "--country", "Germany"}, nil, []string{"--country", "CALLTHREAD_COUNTRY"}},
		"check of an argument":   {[]string{"check", "file.yaml"}, nil, []string{"file.yaml", "--help"}},
		"entries of no file":     {[]string{"automations", "--automations", missing}, nil, []string{"--automations", "no such file"}},
		"entries of mistakes":    {[]string{"automations", "--automations", writeFile(t, "automation: []")}, nil, []string{":1:1: "}},
		"entries of arguments":   {[]string{"automations", "default"}, nil, []string{"default", "--help"}},
		"URL without a scheme":   {[]string{"automations", "--url", "calls.example.com"}, nil, []string{"--url", "CALLTHREAD_URL", "https://"}},
		"URL without a host":     {[]string{"automations", "--url", "https:///in"}, nil, []string{"--url", "CALLTHREAD_URL"}},
		"URL with a query":       {[]string{"automations"}, settings{"CALLTHREAD_URL": "https://calls.example.com?a=b"}, []string{"--url", "CALLTHREAD_URL"}},
		"URL of a file":          {[]string{"automations", "--url", "ftp://calls.example.com"}, nil, []string{"--url", "CALLTHREAD_URL"}},
		"no secret to show":      {[]string{"automations", "--show-secret"}, settings{"CALLTHREAD_WEBHOOK_SECRET": ""}, []string{"--webhook-secret-file", "CALLTHREAD_WEBHOOK_SECRET"}},
		"half a secret to show":  {[]string{"automations", "--show-secret"}, settings{"CALLTHREAD_WEBHOOK_SECRET": " ,old"}, []string{"no webhook secret"}},
		"parked calls of none":   {[]string{"parked"}, nil, []string{"Temporal", "127.0.0.1:1"}},
		"parked arguments":       {[]string{"parked", "all"}, nil, []string{"all", "--help"}},
		"retry of nothing":       {[]string{"retry"}, nil, []string{"starter parked", "--all"}},
		"retry of all and one":   {[]string{"retry", "x", "--all"}, nil, []string{"one of the two"}},
		"skip without time":      {[]string{"skip", "x", "--timeout", "0s"}, nil, []string{"--timeout"}},
		"skip of all, nowhere":   {[]string{"skip", "--all"}, nil, []string{"Temporal", "127.0.0.1:1"}},
		"amending of nothing":    {[]string{"amend", "--set", "name=x"}, nil, []string{"one call, not 0"}},
		"amending to nothing":    {[]string{"amend", "x"}, nil, []string{"--set", "--json"}},
		"amending of two calls":  {[]string{"amend", "x", "--set", "name=Called", "back"}, nil, []string{"one call, not 2", "quotes"}},
		"half an amendment":      {[]string{"amend", "x", "--set"}, nil, []string{"-set", "--help"}},
		"bad key":                {nil, settings{"CALLTHREAD_ENCRYPTION_KEYS": "a key"}, []string{"--encryption-key-file", "CALLTHREAD_ENCRYPTION_KEYS", "key 1 of 2", "id:base64"}},
		"bad key of a command":   {[]string{"parked", "--encryption-key-file", writeFile(t, "2026:AAAA")}, nil, []string{"--encryption-key-file", `"2026" has 3 bytes`}},
		"keys of nobody":         {[]string{"amend", "x", "--set", "name=y", "--encryption-key-file", missing}, nil, []string{"--encryption-key-file", "no such file"}},
		"key with no such id":    {[]string{"keygen", "--id", "a:b"}, nil, []string{"--id", `"a:b"`}},
		"codec without keys":     {[]string{"codec-server"}, nil, []string{"--encryption-key-file", "CALLTHREAD_ENCRYPTION_KEYS"}},
		"codec without secret":   {[]string{"codec-server"}, settings{"CALLTHREAD_ENCRYPTION_KEYS": someKey}, []string{"--codec-secret-file", "CALLTHREAD_CODEC_SECRET", "--insecure"}},
		"codec of two secrets":   {[]string{"codec-server"}, settings{"CALLTHREAD_ENCRYPTION_KEYS": someKey, "CALLTHREAD_CODEC_SECRET": "old\nnew"}, []string{"--codec-secret-file", "CALLTHREAD_CODEC_SECRET", "on one line"}},
		"codec for a page":       {[]string{"codec-server", "--insecure", "--ui-origin", "https://ui.example.com/"}, settings{"CALLTHREAD_ENCRYPTION_KEYS": someKey}, []string{"--ui-origin", "CALLTHREAD_UI_ORIGIN", "nothing after"}},
		"codec for all pages":    {[]string{"codec-server", "--insecure", "--ui-origin", "*"}, settings{"CALLTHREAD_ENCRYPTION_KEYS": someKey}, []string{"--ui-origin", "https://temporal.example.com"}},
		"codec of no network":    {[]string{"codec-server", "--trusted-proxies", "proxy"}, settings{"CALLTHREAD_ENCRYPTION_KEYS": someKey, "CALLTHREAD_CODEC_SECRET": "s"}, []string{"--trusted-proxies", "CALLTHREAD_TRUSTED_PROXIES", "10.0.0.0/8"}},
		"codec port in use":      {[]string{"codec-server", "--listen", busy}, settings{"CALLTHREAD_ENCRYPTION_KEYS": someKey, "CALLTHREAD_CODEC_SECRET": "s"}, []string{"--listen", "in use"}},
		"set-up of nothing":      {[]string{"setup"}, nil, []string{"Temporal", "127.0.0.1:1"}},
		"set-up for no day":      {[]string{"setup", "--retention-days", "0"}, nil, []string{"--retention-days"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Setenv("CALLTHREAD_WEBHOOK_SECRET", "secret")
			t.Setenv("CALLTHREAD_LISTEN", "127.0.0.1:0")
			t.Setenv("CALLTHREAD_METRICS_LISTEN", "")
			for variable, value := range c.env {
				t.Setenv(variable, value)
			}
			ctx, cancel := context.WithTimeout(t.Context(), timeout) // what starts after all ends without an error
			defer cancel()
			var out, logs bytes.Buffer
			err := run(ctx, append([]string{"starter"}, c.args...), &out, &logs)
			require.Error(t, err)
			require.NotContains(t, err.Error(), "\n")
			for _, word := range c.says {
				require.Contains(t, err.Error(), word)
			}
			require.Empty(t, out.String())
			require.NotContains(t, logs.String(), "listening")
		})
	}
}

func TestFlagBeatsEnvironmentAndFileBeatsVariable(t *testing.T) {
	t.Setenv("CALLTHREAD_LISTEN", taken(t))
	t.Setenv("CALLTHREAD_WEBHOOK_SECRET", "not this one")
	t.Setenv("CALLTHREAD_WEBHOOK_SECRET_FILE", writeFile(t, "nor this"))
	_, url := serving(t, "--listen", "127.0.0.1:0", "--webhook-secret-file", writeFile(t, "this one\n"))
	const unreadable = "{" // allowed, and refused for another reason
	require.Equal(t, http.StatusBadRequest, post(t, url, "this one", unreadable))
	require.Equal(t, http.StatusUnauthorized, post(t, url, "not this one", unreadable))
	require.Equal(t, http.StatusUnauthorized, post(t, url, "nor this", unreadable))
}

func TestOldAndNewSecretAreGoodWhileOneReplacesTheOther(t *testing.T) {
	t.Setenv("CALLTHREAD_LISTEN", "127.0.0.1:0")
	t.Setenv("CALLTHREAD_WEBHOOK_SECRET", "old-secret, new-secret")
	_, url := serving(t, "serve")
	require.Equal(t, http.StatusBadRequest, post(t, url, "old-secret", "{"))
	require.Equal(t, http.StatusBadRequest, post(t, url, "new-secret", "{"))
	require.Equal(t, http.StatusUnauthorized, post(t, url, "old-secret, new-secret", "{"))
	require.Equal(t, http.StatusUnauthorized, post(t, url, "", "{"))
}

func TestHelpListsEverySettingOfTheContract(t *testing.T) {
	for _, args := range [][]string{{"starter", "--help"}, {"starter", "serve", "--help"}} {
		var help bytes.Buffer
		require.NoError(t, run(t.Context(), args, &help, io.Discard))
		for _, setting := range []string{
			"--task-queue", "CALLTHREAD_TASK_QUEUE", `"calls"`,
			"--kustomer-url", "KUSTOMER_URL", "https://<org>.api.kustomerapp.com",
			"--kustomer-api-key-file", "KUSTOMER_API_KEY",
			"--kustomer-budget", "KUSTOMER_BUDGET", "800",
			"--automations", "CALLTHREAD_AUTOMATIONS", "starter automations --default",
			"--country", "CALLTHREAD_COUNTRY",
			"--encryption-key-file", "CALLTHREAD_ENCRYPTION_KEYS", "starter keygen",
			"--listen", "CALLTHREAD_LISTEN", `":8080"`,
			"--webhook-secret-file", "CALLTHREAD_WEBHOOK_SECRET", "--insecure",
			"--trusted-proxies", "CALLTHREAD_TRUSTED_PROXIES", "--tls-cert-file", "CALLTHREAD_TLS_CERT_FILE",
			"--tls-key-file", "CALLTHREAD_TLS_KEY_FILE", "--tls-client-ca-file", "CALLTHREAD_TLS_CLIENT_CA_FILE",
			"--metrics-listen", "CALLTHREAD_METRICS_LISTEN", `":9091"`,
			"--wait-timeout", "5s", "--recording-timeout", "CALLTHREAD_RECORDING_TIMEOUT", "15m0s", "--with-worker",
			"TEMPORAL_ADDRESS", "TEMPORAL_NAMESPACE", "TEMPORAL_API_KEY", "TEMPORAL_TLS_*", "temporal.toml",
		} {
			require.Contains(t, help.String(), setting, args)
		}
	}
}

func TestProgramNamesItsVersion(t *testing.T) {
	var printed bytes.Buffer
	require.NoError(t, run(t.Context(), []string{"starter", "--version"}, &printed, io.Discard))
	require.Equal(t, "starter version "+build.Current().String()+"\n", printed.String())
}

func TestHelpListsEveryCommand(t *testing.T) {
	var help bytes.Buffer
	require.NoError(t, run(t.Context(), []string{"starter", "--help"}, &help, os.Stderr))
	for _, command := range []string{"serve", "demo", "sandbox", "check", "automations", "setup", "parked", "retry", "amend", "skip", "keygen", "codec-server"} {
		require.Contains(t, help.String(), "\n   "+command+" ")
	}
	help.Reset()
	require.NoError(t, run(t.Context(), []string{"starter", "demo", "--help"}, &help, os.Stderr))
	for _, flag := range []string{"--calls", "--rate", "--faults"} {
		require.Contains(t, help.String(), flag)
	}
}
