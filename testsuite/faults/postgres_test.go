package faults

import (
	"context"
	"log/slog"
	"os"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/callthread/callthread/internal/child"
	"github.com/callthread/callthread/internal/demo"
	"github.com/callthread/callthread/testsuite/cluster"
	"github.com/callthread/callthread/testsuite/stage"
)

// What a company runs: Temporal on PostgreSQL, as deploy/temporal sets it up,
// two receivers and two workers.
func TestCallsOnPostgreSQLAreAllRight(t *testing.T) {
	existing := onPostgreSQL(t)
	programs := stage.Programs(t)
	programs.Replicas = 2
	report, err := demo.Run(t.Context(), demo.Options{
		Calls: 20, Rate: 5, Seed: *faultSeed, Encrypt: true, Programs: programs, Existing: existing,
		Out: os.Stdout, Log: slog.New(slog.DiscardHandler),
	})
	require.NoError(t, err)
	require.Equal(t, 20, report.Calls)
}

// The same, while each of them is killed in turn: PostgreSQL too.
func TestFaultsOnPostgreSQLLoseNothing(t *testing.T) {
	existing := onPostgreSQL(t)
	report := survives(t, func(o *demo.Options) {
		o.Programs, o.Existing = stage.Programs(t), existing
		o.Programs.Replicas = 2
	})
	for _, part := range []demo.Part{demo.Receiver, demo.Receiver + " 2", demo.Worker, demo.Worker + " 2", demo.Temporal, demo.PostgreSQL} {
		require.Positive(t, report.Kills[part], part)
	}
}

// onPostgreSQL starts such a Temporal, and has all of it killed that can be.
func onPostgreSQL(t *testing.T) *demo.Existing {
	t.Helper()
	stage.NeedsTemporal(t)
	binaries, err := cluster.Find()
	if err != nil {
		t.Skip("no Temporal on PostgreSQL to run calls on: ", err)
	}
	c, err := cluster.Start(t.Context(), binaries, "../../deploy/temporal")
	require.NoError(t, err)
	t.Cleanup(c.Stop)
	t.Setenv("TEMPORAL_CONFIG_FILE", os.DevNull)
	t.Setenv("TEMPORAL_ADDRESS", c.Address)
	t.Setenv("TEMPORAL_NAMESPACE", cluster.Namespace)
	return &demo.Existing{Parts: map[demo.Part]demo.Killable{
		demo.Temporal: {Process: c.Temporal, Start: func(ctx context.Context) (_ *child.Process, err error) {
			c.Temporal, err = c.StartTemporal(ctx)
			return c.Temporal, err
		}},
		demo.PostgreSQL: {Process: c.PostgreSQL, Start: func(ctx context.Context) (_ *child.Process, err error) {
			c.PostgreSQL, err = c.StartPostgreSQL(ctx)
			return c.PostgreSQL, err
		}},
	}}
}
