package app

import (
	"io"
	"log/slog"
	"testing"

	"github.com/stretchr/testify/require"
	"github.com/urfave/cli/v2"

	"github.com/callthread/callthread/reconcile"
)

// inMode returns a worker with these arguments after InMode.
func inMode(t *testing.T, arguments ...string) (*Worker, error) {
	t.Helper()
	w := &Worker{Temporal: new(Temporal)}
	program := NewProgram("worker", "", io.Discard, io.Discard)
	program.Flags = Flags(w.Temporal, w, Section{&cli.BoolFlag{Name: "compare-only", Destination: &w.CompareOnly}})
	program.Action = w.InMode
	return w, program.Run(append([]string{"worker"}, arguments...))
}

func TestShadowHasItsOwnQueueAndBudget(t *testing.T) {
	for name, c := range map[string]struct {
		arguments []string
		env       string // KUSTOMER_BUDGET
		queue     string
		budget    int
	}{
		"live":                        {nil, "", "calls", DefaultBudget},
		"shadow":                      {[]string{"--shadow"}, "", "calls-shadow", ShadowBudget},
		"with another queue":          {[]string{"--shadow", "--task-queue", "acme"}, "", "acme-shadow", ShadowBudget},
		"with a budget":               {[]string{"--shadow", "--kustomer-budget", "800"}, "", "calls-shadow", 800},
		"with one of the environment": {[]string{"--shadow"}, "500", "calls-shadow", 500},
	} {
		t.Run(name, func(t *testing.T) {
			if c.env != "" {
				t.Setenv("KUSTOMER_BUDGET", c.env)
			}
			w, err := inMode(t, c.arguments...)
			require.NoError(t, err)
			require.Equal(t, []any{c.queue, c.budget}, []any{w.Temporal.TaskQueue, w.Kustomer.Budget})
		})
	}
	_, err := inMode(t, "--shadow", "--compare-only")
	require.ErrorContains(t, err, "CALLTHREAD_SHADOW")
}

func TestShadowNeitherWritesNorCompares(t *testing.T) {
	t.Setenv("KUSTOMER_API_KEY", "key")
	t.Setenv("BABELFORCE_TOKEN", "token")
	for _, on := range []bool{false, true} {
		arguments := []string{"--kustomer-url", "https://acme.api.kustomerapp.com"}
		if on {
			arguments = append(arguments, "--shadow", "--shadow-vendor", "5f0c1a2b3c4d5e6f70819250")
		}
		w, err := inMode(t, arguments...)
		require.NoError(t, err)
		c, err := w.Temporal.Client(slog.New(slog.DiscardHandler))
		require.NoError(t, err)
		t.Cleanup(c.Close)
		_, err = w.New(c, nil, reconcile.Observer{})
		require.NoError(t, err)
		require.Equal(t, on, w.Kustomer.client.IsShadow())
		require.Equal(t, on, w.compares == nil, "the schedules are those of live calls")
		require.Equal(t, on, w.steps.Vendor != "")
	}
}
