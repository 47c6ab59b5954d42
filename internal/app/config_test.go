package app

import (
	"bytes"
	"encoding/json"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"github.com/urfave/cli/v2"
)

// TestMain removes the developer's settings from the environment.
func TestMain(m *testing.M) {
	for _, setting := range os.Environ() {
		name, _, _ := strings.Cut(setting, "=")
		for _, prefix := range []string{"CALLTHREAD_", "KUSTOMER_", "TEMPORAL_"} {
			if strings.HasPrefix(name, prefix) {
				_ = os.Unsetenv(name)
			}
		}
	}
	os.Exit(m.Run())
}

// settings are the settings that both programs share.
type settings struct {
	temporal Temporal
	worker   Worker
	log      Log
	metrics  string
}

// parse reads arguments and the environment like a program.
func parse(t *testing.T, args ...string) (s *settings, err error) {
	s = new(settings)
	t.Helper()
	app := &cli.App{
		Flags:          Flags(&s.temporal, &s.worker, &s.log, Section{MetricsFlag(":9090", &s.metrics)}),
		Before:         NoFlagsBeforeCommand,
		Action:         NoArguments,
		Commands:       []*cli.Command{{Name: "serve"}},
		OnUsageError:   UsageError,
		ExitErrHandler: func(*cli.Context, error) {},
		Writer:         io.Discard,
	}
	err = app.RunContext(t.Context(), append([]string{"program"}, args...))
	return s, err
}

func writeFile(t *testing.T, content string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "file")
	require.NoError(t, os.WriteFile(path, []byte(content), 0o600))
	return path
}

func TestPrecedenceOfSettings(t *testing.T) {
	for name, c := range map[string]struct {
		flag, variable, byDefault string
		read                      func(*settings) any
	}{
		"task queue":   {"--task-queue", "CALLTHREAD_TASK_QUEUE", "calls", func(s *settings) any { return s.temporal.TaskQueue }},
		"Kustomer URL": {"--kustomer-url", "KUSTOMER_URL", "", func(s *settings) any { return s.worker.Kustomer.URL }},
		"key file":     {"--kustomer-api-key-file", "KUSTOMER_API_KEY_FILE", "", func(s *settings) any { return s.worker.Kustomer.APIKeyFile }},
		"country":      {"--country", "CALLTHREAD_COUNTRY", "", func(s *settings) any { return s.worker.Country.code }},
		"automations":  {"--automations", "CALLTHREAD_AUTOMATIONS", "", func(s *settings) any { return s.worker.Automations.File }},
		"log level":    {"--log-level", "CALLTHREAD_LOG_LEVEL", "info", func(s *settings) any { return s.log.Level }},
		"log format":   {"--log-format", "CALLTHREAD_LOG_FORMAT", "text", func(s *settings) any { return s.log.Format }},
		"metrics":      {"--metrics-listen", "CALLTHREAD_METRICS_LISTEN", ":9090", func(s *settings) any { return s.metrics }},
	} {
		t.Run(name, func(t *testing.T) {
			value := func(args ...string) any {
				s, err := parse(t, args...)
				require.NoError(t, err)
				return c.read(s)
			}
			require.Equal(t, c.byDefault, value())
			t.Setenv(c.variable, "from the environment")
			require.Equal(t, "from the environment", value())
			require.Equal(t, "from the flag", value(c.flag, "from the flag"))
		})
	}
}

func TestDefaultBudgetIsEightHundred(t *testing.T) {
	budget := func(args ...string) int {
		s, err := parse(t, args...)
		require.NoError(t, err)
		return s.worker.Kustomer.Budget
	}
	require.Equal(t, 800, budget())
	t.Setenv("KUSTOMER_BUDGET", "700")
	require.Equal(t, 700, budget())
	require.Equal(t, 600, budget("--kustomer-budget=600"))
}

func TestMistypedFlagIsRefusedInOneLine(t *testing.T) {
	for says, args := range map[string][]string{
		`"sreve"; see --help`: {"sreve"},
		"-task-quue":          {"--task-quue", "x"},
		"after it":            {"--task-queue", "x", "serve"},
		"CALLTHREAD_TASK":     {"--task-queue", ""},
	} {
		_, err := parse(t, args...)
		require.ErrorContains(t, err, says)
		require.NotContains(t, err.Error(), "\n")
	}
}

func TestSecretComesFromFileOrEnvironment(t *testing.T) {
	const flag, variable = "--some-file", "CALLTHREAD_SOME_SECRET"
	for name, c := range map[string]struct{ file, env, want string }{
		"file":        {writeFile(t, " from the file\n"), "from the environment", "from the file"},
		"environment": {"", " from the environment\n", "from the environment"},
		"neither":     {"", " ", ""},
	} {
		t.Setenv(variable, c.env)
		secret, err := Secret(c.file, flag, variable)
		require.NoError(t, err, name)
		require.Equal(t, c.want, secret, name)
	}
	for says, file := range map[string]string{"is empty": writeFile(t, " \n"), "no such file": writeFile(t, "") + "x"} {
		_, err := Secret(file, flag, variable)
		require.ErrorContains(t, err, says)
		require.ErrorContains(t, err, flag+" ("+variable+"_FILE)")
	}
}

func TestByteOrderMarkIsNotInTheSecret(t *testing.T) {
	const mark, variable = "\ufeff", "CALLTHREAD_SOME_SECRET"
	t.Setenv(variable, mark+"secret\n")
	for name, file := range map[string]string{"environment": "", "file": writeFile(t, mark+"secret\r\n")} {
		secret, err := Secret(file, "--some-file", variable)
		require.NoError(t, err, name)
		require.Equal(t, "secret", secret, name)
	}
	_, err := Secret(writeFile(t, mark+"\n"), "--some-file", variable)
	require.ErrorContains(t, err, "is empty")
	keys, err := (&Encryption{KeyFile: writeFile(t, mark+firstKey+"\r\n"+secondKey)}).Keys()
	require.NoError(t, err)
	require.Equal(t, "first", keys.First())
}

func TestInvalidSecretIsRefused(t *testing.T) {
	const flag, variable = "--some-file", "CALLTHREAD_SOME_SECRET"
	for text, says := range map[string]string{
		"one\ntwo":                "on one line, several webhook secrets separated by commas",
		"one\r\ntwo\r\n":          "on one line",
		"one\u2028two":            "on one line",
		"one,\ufefftwo":           "invisible character",
		"one\ttwo":                "invisible character",
		"o\x00n\x00e\x00":         "invisible character",
		"\xff\xfeo\x00n\x00e\x00": "save it again as UTF-8", // UTF-16 with a byte order mark, as PowerShell writes files
	} {
		_, err := Secret(writeFile(t, text), flag, variable)
		require.ErrorContains(t, err, says, "%q", text)
		require.ErrorContains(t, err, flag+" or "+variable)
		require.NotContains(t, err.Error(), "two")
		if !strings.Contains(text, "\x00") { // an environment variable cannot contain it
			t.Setenv(variable, text)
			_, err = Secret("", flag, variable)
			require.ErrorContains(t, err, says, "%q", text)
		}
	}
	_, err := (&Encryption{KeyFile: writeFile(t, "\xff\xfeo\x00n\x00e\x00")}).Keys()
	require.ErrorContains(t, err, "save it again as UTF-8")
}

func TestKeyIsInNoError(t *testing.T) {
	t.Setenv("KUSTOMER_API_KEY", "my key")
	_, err := (&Kustomer{URL: "https://acme.api.kustomerapp.com", Budget: 1}).Client(nil)
	require.ErrorContains(t, err, "KUSTOMER_API_KEY")
	require.NotContains(t, err.Error(), "my key")
}

func TestKeyComesFromTheFile(t *testing.T) {
	t.Setenv("KUSTOMER_API_KEY", "not a key")
	client, err := (&Kustomer{URL: "https://acme.api.kustomerapp.com/", APIKeyFile: writeFile(t, "key\n"), Budget: 1}).Client(nil)
	require.NoError(t, err)
	require.Equal(t, "https://acme.kustomerapp.com/app/customers/1/event/2", client.ConversationURL("1", "2"))
}

func TestCountryIsTwoLetters(t *testing.T) {
	for code, want := range map[string]string{"": "", " ": "", "DE": "DE", " us\n": "US"} {
		country, err := (&Country{code}).Parse()
		require.NoError(t, err)
		require.Equal(t, want, country)
	}
	for _, code := range []string{"XX", "Germany", "49", "+49"} {
		_, err := (&Country{code}).Parse()
		require.ErrorContains(t, err, "--country (CALLTHREAD_COUNTRY)")
	}
}

func TestLogHasLevelAndFormat(t *testing.T) {
	for level, lines := range map[string]int{"debug": 4, "info": 3, "WARN": 2, "error": 1} {
		var out bytes.Buffer
		log, err := (&Log{Level: level, Format: "text"}).Logger(&out)
		require.NoError(t, err)
		for _, at := range []slog.Level{slog.LevelDebug, slog.LevelInfo, slog.LevelWarn, slog.LevelError} {
			log.Log(t.Context(), at, "something happened")
		}
		require.Equal(t, lines, bytes.Count(out.Bytes(), []byte("\n")), level)
	}
	var out bytes.Buffer
	log, err := (&Log{Level: "info", Format: "JSON"}).Logger(&out)
	require.NoError(t, err)
	log.Info("something happened", "call", "x")
	require.True(t, json.Valid(out.Bytes()))
	for _, wrong := range []Log{{"loud", "text"}, {"", "text"}, {"info", "xml"}, {"info", ""}} {
		_, err := wrong.Logger(io.Discard)
		require.ErrorContains(t, err, "CALLTHREAD_LOG_", wrong)
	}
}
