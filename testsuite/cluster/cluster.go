// Package cluster runs Temporal the way a company's own servers do: its server
// on PostgreSQL, set up with the very files that docker-compose.yml uses.
package cluster

import (
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"time"

	"go.temporal.io/sdk/client"

	"github.com/callthread/callthread/internal/app"
	"github.com/callthread/callthread/internal/child"
)

const (
	// Namespace is that of docker-compose.yml.
	Namespace = "default"

	account = "temporal" // of the database
	// shards as in docker-compose.yml: with fewer a restart would be faster than in earnest.
	shards = "512"
	// startTimeout is for what a killed database has to catch up on, and for a server that waits for it.
	startTimeout = time.Minute
	stopTimeout  = 10 * time.Second
)

// Cluster is a Temporal server and the PostgreSQL that it keeps its state in.
type Cluster struct {
	// Address is where clients connect.
	Address string
	// PostgreSQL and Temporal are its processes, other ones after each restart.
	PostgreSQL, Temporal *child.Process

	binaries Binaries
	folder   string // of the database
	setup    string // deploy/temporal
	ports    []int  // of PostgreSQL, and of the server's services and their membership
}

// Start makes a database, which Stop removes, and starts both servers. Setup is
// the folder deploy/temporal.
func Start(ctx context.Context, binaries Binaries, setup string) (_ *Cluster, err error) {
	c := &Cluster{binaries: binaries}
	defer func() {
		if err != nil {
			c.Stop()
		}
	}()
	if c.setup, err = filepath.Abs(setup); err != nil {
		return nil, err
	}
	if c.ports, err = freePorts(10); err != nil {
		return nil, err
	}
	c.Address = net.JoinHostPort("127.0.0.1", strconv.Itoa(c.ports[1]))
	if err := c.initdb(ctx); err != nil {
		return nil, err
	}
	if c.PostgreSQL, err = c.StartPostgreSQL(ctx); err != nil {
		return nil, err
	}
	if err := c.SetUpPostgreSQL(ctx); err != nil {
		return nil, err
	}
	if c.Temporal, err = c.StartTemporal(ctx); err != nil {
		return nil, err
	}
	return c, c.until(ctx, c.Temporal, "Temporal takes a namespace", c.Prepare)
}

// Prepare does what `starter setup` does.
func (c *Cluster) Prepare(ctx context.Context) error {
	connection, err := client.DialContext(ctx, client.Options{HostPort: c.Address})
	if err != nil {
		return err
	}
	defer connection.Close()
	_, err = app.Prepare(ctx, connection, Namespace, app.DefaultRetention)
	return err
}

// initdb makes an empty database, which only the user who runs PostgreSQL may read.
func (c *Cluster) initdb(ctx context.Context) (err error) {
	if c.folder, err = os.MkdirTemp("", "callthread-postgresql-"); err != nil {
		return err
	}
	if owner := c.binaries.owner; owner != nil {
		if err := os.Chown(c.folder, owner.uid, owner.gid); err != nil {
			return err
		}
	}
	return run(c.binaries.postgres(ctx, "initdb", "-D", c.folder, "-U", account, "--auth=trust", "-E", "UTF8"))
}

// StartPostgreSQL starts the database, also one that was killed, and waits until it answers.
func (c *Cluster) StartPostgreSQL(ctx context.Context) (*child.Process, error) {
	port := strconv.Itoa(c.ports[0])
	var process *child.Process
	err := c.until(ctx, nil, "PostgreSQL starts", func(ctx context.Context) (err error) {
		if process == nil || hasExited(process) { // those whom a kill -9 left behind may hold it up for a moment
			process, err = child.Start(c.binaries.postgres(context.WithoutCancel(ctx), "postgres", "-D", c.folder, "-p", port,
				"-c", "listen_addresses=127.0.0.1", "-c", "unix_socket_directories="))
			if err != nil {
				return err
			}
		}
		return run(c.binaries.postgres(ctx, "pg_isready", "-q", "-h", "127.0.0.1", "-p", port))
	})
	if err != nil && process != nil {
		err = fmt.Errorf("%w\n%s", err, process.Output())
	}
	return process, err
}

// StartTemporal starts the server, also one that was killed, and waits until it answers.
func (c *Cluster) StartTemporal(ctx context.Context) (*child.Process, error) {
	command := exec.Command(c.binaries.Server, "--allow-no-auth", "start")
	command.Env = c.environment()
	process, err := child.Start(command)
	if err != nil {
		return nil, err
	}
	return process, c.until(ctx, process, "Temporal answers", func(ctx context.Context) error {
		connection, err := client.DialContext(ctx, client.Options{HostPort: c.Address})
		if err == nil {
			connection.Close()
		}
		return err
	})
}

// environment is what docker-compose.yml gives to the server and to the
// script, and ports of ours in place of the usual ones.
func (c *Cluster) environment() []string {
	environment := append(os.Environ(),
		"PATH="+c.binaries.path(),
		"DB=postgres12", "DB_PORT="+strconv.Itoa(c.ports[0]), "POSTGRES_SEEDS=127.0.0.1", "POSTGRES_USER="+account, "POSTGRES_PWD="+account,
		"BIND_ON_IP=127.0.0.1", "NUM_HISTORY_SHARDS="+shards, "LOG_LEVEL=error",
		"DYNAMIC_CONFIG_FILE_PATH="+filepath.Join(c.setup, "dynamicconfig.yaml"))
	for i, port := range []string{
		"FRONTEND_GRPC_PORT", "FRONTEND_MEMBERSHIP_PORT", "FRONTEND_HTTP_PORT", "HISTORY_GRPC_PORT", "HISTORY_MEMBERSHIP_PORT",
		"MATCHING_GRPC_PORT", "MATCHING_MEMBERSHIP_PORT", "WORKER_GRPC_PORT", "WORKER_MEMBERSHIP_PORT",
	} {
		environment = append(environment, port+"="+strconv.Itoa(c.ports[i+1]))
	}
	return environment
}

// SetUpPostgreSQL makes Temporal's databases, as deploy/temporal says.
func (c *Cluster) SetUpPostgreSQL(ctx context.Context) error {
	command := exec.CommandContext(ctx, "sh", filepath.Join(c.setup, "setup-postgres.sh"))
	command.Env = c.environment()
	return run(command)
}

// Stop stops both servers and removes the database.
func (c *Cluster) Stop() {
	for _, process := range []*child.Process{c.Temporal, c.PostgreSQL} {
		if process != nil {
			process.Stop(stopTimeout)
		}
	}
	_ = os.RemoveAll(c.folder)
}
