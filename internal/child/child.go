// Package child runs other programs as child processes. A child does not outlive its parent, also
// if the parent is killed (on Linux). The end of the child's output is kept for error messages.
package child

import (
	"os/exec"
	"runtime"
	"sync"
	"syscall"
	"time"
)

// Process is a running child.
type Process struct {
	command *exec.Cmd
	exited  chan struct{}
	output  tail
}

// outputTimeout is how long a grandchild may keep the output open after the child's end.
const outputTimeout = time.Second

// Start starts a command and keeps the end of its output.
func Start(command *exec.Cmd) (*Process, error) {
	p := &Process{command: command, exited: make(chan struct{})}
	command.Stdout, command.Stderr = &p.output, &p.output
	command.SysProcAttr = childOfOurs()
	command.WaitDelay = outputTimeout
	return p, p.launch()
}

// launch starts the process from a separate thread that lives as long as the process. Linux
// sends Pdeathsig when the parent's thread ends.
func (p *Process) launch() error {
	started := make(chan error)
	go func() {
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		err := p.command.Start()
		started <- err
		if err == nil {
			_ = p.command.Wait()
		}
		close(p.exited)
	}()
	return <-started
}

// PID returns the child's process id.
func (p *Process) PID() int { return p.command.Process.Pid }

// Exited returns a channel that is closed when the child has ended.
func (p *Process) Exited() <-chan struct{} { return p.exited }

// End waits for the child to end and returns its state, such as "exit status 1".
func (p *Process) End() string {
	<-p.exited
	return p.command.ProcessState.String()
}

// Output returns the end of the child's output.
func (p *Process) Output() string { return p.output.String() }

// Stop sends SIGTERM to the child, and kills it if it does not end within the timeout.
func (p *Process) Stop(timeout time.Duration) {
	_ = p.command.Process.Signal(syscall.SIGTERM)
	select {
	case <-p.exited:
	case <-time.After(timeout):
		p.Kill()
	}
}

// Kill kills the child without a chance to clean up, as a power failure would.
func (p *Process) Kill() {
	_ = p.command.Process.Kill()
	<-p.exited
}

// tailSize is enough for the reason of a failure, however much was printed before.
const tailSize = 64 << 10

// tail keeps the last bytes that are written to it.
type tail struct {
	mu   sync.Mutex
	kept []byte
}

func (t *tail) Write(text []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.kept = append(t.kept, text...)
	if surplus := len(t.kept) - tailSize; surplus > 0 {
		t.kept = append([]byte(nil), t.kept[surplus:]...)
	}
	return len(text), nil
}

func (t *tail) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return string(t.kept)
}
