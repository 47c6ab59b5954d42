package main

import (
	"cmp"
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"time"

	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"
	"google.golang.org/protobuf/types/known/durationpb"
)

// database names the programs of a Temporal server on PostgreSQL.
type database struct{ server, schemaTool, postgres string }

func (d *database) flags(flags *flag.FlagSet) {
	flags.StringVar(&d.server, "temporal-server", os.Getenv("TEMPORAL_SERVER"), "`program` temporal-server, for -postgres (TEMPORAL_SERVER)")
	flags.StringVar(&d.schemaTool, "temporal-sql-tool", os.Getenv("TEMPORAL_SQL_TOOL"), "`program` temporal-sql-tool, for -postgres (TEMPORAL_SQL_TOOL)")
	flags.StringVar(&d.postgres, "postgres-bin", cmp.Or(os.Getenv("POSTGRES_BIN"), "/usr/lib/postgresql/15/bin"), "`folder` of PostgreSQL's programs, for -postgres (POSTGRES_BIN)")
}

// check says what is missing.
func (d *database) check() error {
	for flag, program := range map[string]string{
		"-temporal-server": d.server, "-temporal-sql-tool": d.schemaTool, "-postgres-bin": filepath.Join(d.postgres, "initdb"),
	} {
		if _, err := exec.LookPath(program); err != nil {
			return fmt.Errorf("-postgres needs %s: %w (go install go.temporal.io/server/cmd/server@v1.32.1 go.temporal.io/server/cmd/tools/sql@v1.32.1; PostgreSQL from your system)", flag, err)
		}
	}
	return nil
}

// superuser of the database; it trusts whoever is on this machine.
const superuser = "temporal"

// start starts PostgreSQL with an empty database, and a Temporal server on it.
func (d *database) start(ctx context.Context) (t *temporal, err error) {
	t = new(temporal)
	defer func() {
		if err != nil {
			t.Stop()
		}
	}()
	folder, err := os.MkdirTemp("", "callthread-postgres-")
	if err != nil {
		return t, err
	}
	t.stop = append(t.stop, func() { _ = os.RemoveAll(folder) })
	port, err := d.startPostgres(t, folder)
	if err != nil {
		return t, err
	}
	if err := d.makeSchemas(ctx, port); err != nil {
		return t, err
	}
	if err := d.startServer(t, folder, port); err != nil {
		return t, err
	}
	return t, t.makeNamespace(ctx)
}

func (d *database) startPostgres(t *temporal, folder string) (port int, err error) {
	if err := os.Chmod(folder, 0o777); err != nil { // the user that PostgreSQL runs as makes its own below
		return 0, err
	}
	data := filepath.Join(folder, "data")
	initdb := unprivileged(filepath.Join(d.postgres, "initdb"), "-D", data, "-U", superuser, "--auth=trust", "-E", "UTF8")
	initdb.Dir = folder
	if out, err := initdb.CombinedOutput(); err != nil {
		return 0, fmt.Errorf("make a database: %w\n%s", err, out)
	}
	if port, err = freePort(); err != nil {
		return 0, err
	}
	postgres := unprivileged(filepath.Join(d.postgres, "postgres"), "-D", data, "-p", strconv.Itoa(port),
		"-c", "listen_addresses=127.0.0.1", "-c", "unix_socket_directories=", "-c", "max_connections=200")
	postgres.Dir = folder
	running, err := start(postgres)
	if err != nil {
		return 0, err
	}
	t.pids = append(t.pids, running.pid)
	t.stop = append(t.stop, func() { running.Stop(10 * time.Second) })
	return port, nil
}

// unprivileged runs a program as the user postgres where we are root, whom PostgreSQL refuses.
func unprivileged(program string, args ...string) *exec.Cmd {
	if os.Getuid() != 0 {
		return exec.Command(program, args...)
	}
	as := []string{"--reuid", "postgres", "--regid", "postgres", "--clear-groups", "--pdeathsig", "KILL", program}
	return exec.Command("setpriv", append(as, args...)...)
}

func (d *database) makeSchemas(ctx context.Context, port int) error {
	tool := func(args ...string) error {
		common := []string{"--plugin", "postgres12_pgx", "--ep", "127.0.0.1", "-p", strconv.Itoa(port), "-u", superuser}
		out, err := exec.CommandContext(ctx, d.schemaTool, append(common, args...)...).CombinedOutput()
		if err != nil {
			return fmt.Errorf("make Temporal's schema: %w\n%s", err, out)
		}
		return nil
	}
	for name, schema := range map[string]string{"temporal": "temporal", "temporal_visibility": "visibility"} {
		var err error
		for range 100 { // until PostgreSQL answers
			if err = tool("--db", name, "create"); err == nil || ctx.Err() != nil {
				break
			}
			time.Sleep(100 * time.Millisecond)
		}
		err = cmp.Or(err, tool("--db", name, "setup-schema", "-v", "0.0"))
		if err = cmp.Or(err, tool("--db", name, "update-schema", "--schema-name", "postgresql/v12/"+schema)); err != nil {
			return err
		}
	}
	return nil
}

// dynamic is that of the demo's server and of deploy/temporal; search attributes can be used at once.
const dynamic = `
matching.numTaskqueueReadPartitions: [{value: 1}]
matching.numTaskqueueWritePartitions: [{value: 1}]
matching.useNewMatcher: [{value: true}]
system.forceSearchAttributesCacheRefreshOnRead: [{value: true}]
`

func (d *database) startServer(t *temporal, folder string, postgres int) error {
	file := filepath.Join(folder, "dynamic.yaml")
	if err := os.WriteFile(file, []byte(dynamic), 0o644); err != nil {
		return err
	}
	server := exec.Command(d.server, "--allow-no-auth", "start")
	server.Dir = folder
	server.Env = append(os.Environ(),
		"DB=postgres12_pgx", "POSTGRES_SEEDS=127.0.0.1", "DB_PORT="+strconv.Itoa(postgres), "POSTGRES_USER="+superuser, "POSTGRES_PWD=none",
		"BIND_ON_IP=127.0.0.1", "TEMPORAL_BROADCAST_ADDRESS=127.0.0.1", "NUM_HISTORY_SHARDS=4", "DYNAMIC_CONFIG_FILE_PATH="+file, "LOG_LEVEL=error")
	for _, name := range []string{
		"FRONTEND_GRPC_PORT", "FRONTEND_HTTP_PORT", "FRONTEND_MEMBERSHIP_PORT", "MATCHING_GRPC_PORT", "MATCHING_MEMBERSHIP_PORT",
		"HISTORY_GRPC_PORT", "HISTORY_MEMBERSHIP_PORT", "WORKER_GRPC_PORT", "WORKER_MEMBERSHIP_PORT",
	} {
		port, err := freePort()
		if err != nil {
			return err
		}
		server.Env = append(server.Env, name+"="+strconv.Itoa(port))
		if name == "FRONTEND_GRPC_PORT" {
			t.address = "127.0.0.1:" + strconv.Itoa(port)
		}
	}
	running, err := start(server)
	if err != nil {
		return err
	}
	t.pids = append([]int{running.pid}, t.pids...)
	t.stop = append(t.stop, func() { running.Stop(10 * time.Second) })
	return nil
}

// makeNamespace waits for the server, and makes the namespace of the calls.
func (t *temporal) makeNamespace(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	for ; ; time.Sleep(200 * time.Millisecond) {
		err := t.connect(ctx)
		if err == nil {
			_, err = t.client.WorkflowService().RegisterNamespace(ctx, &workflowservice.RegisterNamespaceRequest{
				Namespace: client.DefaultNamespace, WorkflowExecutionRetentionPeriod: durationpb.New(24 * time.Hour),
			})
		}
		if err == nil {
			return t.awaitNamespace(ctx)
		}
		if ctx.Err() != nil {
			return fmt.Errorf("start Temporal on PostgreSQL: %w", err)
		}
	}
}

// awaitNamespace waits until every part of the server has heard of the namespace.
func (t *temporal) awaitNamespace(ctx context.Context) error {
	for ; ; time.Sleep(200 * time.Millisecond) {
		_, err := t.client.CountWorkflow(ctx, &workflowservice.CountWorkflowExecutionsRequest{})
		if err == nil || ctx.Err() != nil {
			return errors.Join(err, ctx.Err())
		}
	}
}
