package cluster

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/callthread/callthread/internal/child"
)

// Binaries are the programs that a cluster needs.
type Binaries struct {
	// Server and SQLTool are the paths of temporal-server and temporal-sql-tool.
	Server, SQLTool string
	// PostgreSQL is the folder of initdb, postgres and pg_isready.
	PostgreSQL string

	owner *owner // the user that runs PostgreSQL; nil is the current user
}

type owner struct{ uid, gid int }

// Find finds the programs on PATH, and PostgreSQL's also in Debian's folders. The error names those
// that are missing.
func Find() (Binaries, error) {
	var missing []string
	look := func(name string) string {
		path, err := exec.LookPath(name)
		if err != nil {
			missing = append(missing, name)
		}
		return path
	}
	found := Binaries{Server: look("temporal-server"), SQLTool: look("temporal-sql-tool")}
	if found.PostgreSQL = postgresFolder(); found.PostgreSQL == "" {
		missing = append(missing, "initdb (PostgreSQL)")
	}
	if len(missing) > 0 {
		return Binaries{}, fmt.Errorf("not on PATH: %s (docs/operations.md, \"Temporal on PostgreSQL\", says how to get them)", strings.Join(missing, ", "))
	}
	if os.Geteuid() != 0 {
		return found, nil
	}
	nobody, err := user.Lookup("nobody")
	if err != nil {
		return Binaries{}, fmt.Errorf("PostgreSQL does not run as root: %w", err)
	}
	if look("setpriv"); len(missing) > 0 {
		return Binaries{}, errors.New("PostgreSQL does not run as root, and setpriv, which would run it as the user nobody, is missing")
	}
	uid, _ := strconv.Atoi(nobody.Uid) // numbers on every system that has setpriv
	gid, _ := strconv.Atoi(nobody.Gid)
	found.owner = &owner{uid, gid}
	return found, nil
}

func postgresFolder() string {
	if path, err := exec.LookPath("initdb"); err == nil {
		if path, err = filepath.EvalSymlinks(path); err == nil { // PATH may have links to some of the programs only
			return filepath.Dir(path)
		}
	}
	found, _ := filepath.Glob("/usr/lib/postgresql/*/bin/initdb")
	if len(found) == 0 {
		return ""
	}
	return filepath.Dir(found[len(found)-1])
}

// path is a PATH with the programs under the names that deploy/temporal's script uses.
func (b Binaries) path() string {
	return filepath.Dir(b.SQLTool) + string(os.PathListSeparator) + os.Getenv("PATH")
}

// postgres returns a command of PostgreSQL's. Changing the user clears the setting that kills a
// process with its parent, so setpriv sets it again.
func (b Binaries) postgres(ctx context.Context, name string, arguments ...string) *exec.Cmd {
	line := append([]string{filepath.Join(b.PostgreSQL, name)}, arguments...)
	if b.owner != nil {
		line = append([]string{"setpriv", "--reuid", strconv.Itoa(b.owner.uid), "--regid", strconv.Itoa(b.owner.gid), "--clear-groups", "--pdeathsig", "KILL"}, line...)
	}
	return exec.CommandContext(ctx, line[0], line[1:]...)
}

// run runs a command, and returns an error with its output if it fails.
func run(command *exec.Cmd) error {
	if output, err := command.CombinedOutput(); err != nil {
		return fmt.Errorf("%s: %w\n%s", filepath.Base(command.Path), err, output)
	}
	return nil
}

// until retries until the call succeeds, the process has ended, or the time is over.
func (c *Cluster) until(ctx context.Context, process *child.Process, what string, try func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(ctx, startTimeout)
	defer cancel()
	for {
		err := try(ctx)
		if err == nil {
			return nil
		}
		if process != nil && hasExited(process) {
			return fmt.Errorf("until %s: it ended: %s\n%s", what, process.End(), process.Output())
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("until %s: %w", what, err)
		case <-time.After(100 * time.Millisecond):
		}
	}
}

func hasExited(process *child.Process) bool {
	select {
	case <-process.Exited():
		return true
	default:
		return false
	}
}

// freePorts returns ports below the ephemeral ports, so that no other program takes them while a
// killed server is down.
func freePorts(count int) (ports []int, err error) {
	for port := 18_000 + os.Getpid()%1000; len(ports) < count; port++ {
		if port > 19_999 {
			return nil, errors.New("no free ports between 18000 and 19999")
		}
		if listener, err := net.Listen("tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(port))); err == nil {
			_ = listener.Close()
			ports = append(ports, port)
		}
	}
	return ports, nil
}
