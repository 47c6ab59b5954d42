// Package cluster runs Temporal as in production: its server on PostgreSQL, set up with the files
// that docker-compose.yml uses. The servers can be killed and restarted.
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
	// Namespace is the namespace of docker-compose.yml.
	Namespace = "default"

	account = "temporal" // of the database
	// shards is the number in docker-compose.yml. With fewer, a restart would be faster than in
	// production.
	shards = "512"
	// startTimeout includes the recovery of a killed database, and the wait of a server for it.
	startTimeout = time.Minute
	stopTimeout  = 10 * time.Second
)

// Cluster is a Temporal server and the PostgreSQL database with its state.
type Cluster struct {
	// Address is the address for clients.
	Address string
	// PostgreSQL and Temporal are the current processes, which change with each restart.
	PostgreSQL, Temporal *child.Process

	binaries Binaries
	folder   string // of the database
	setup    string // deploy/temporal
	ports    []int  // of PostgreSQL, and of the server's services and their membership
}

// Start creates a database and starts both servers. Stop removes the database. The setup is the
// folder deploy/temporal.
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

// initdb creates an empty database, which only the user that runs PostgreSQL may read.
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

// StartPostgreSQL starts or restarts the database and waits until it answers.
func (c *Cluster) StartPostgreSQL(ctx context.Context) (*child.Process, error) {
	port := strconv.Itoa(c.ports[0])
	var process *child.Process
	err := c.until(ctx, nil, "PostgreSQL starts", func(ctx context.Context) (err error) {
		if process == nil || hasExited(process) { // processes left after a kill -9 may delay it for a moment
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

// StartTemporal starts or restarts the server and waits until it answers.
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

// environment returns the variables that docker-compose.yml sets for the server and the script,
// with our own ports.
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

// SetUpPostgreSQL creates Temporal's databases with the script in deploy/temporal.
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
