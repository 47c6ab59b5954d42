// Package child runs other programs as children that never outlive us.
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

// Start starts a command, and keeps the end of what it prints.
func Start(command *exec.Cmd) (*Process, error) {
	p := &Process{command: command, exited: make(chan struct{})}
	command.Stdout, command.Stderr = &p.output, &p.output
	command.SysProcAttr = childOfOurs()
	command.WaitDelay = outputTimeout
	return p, p.launch()
}

// launch starts the process from a thread of its own that lives as long as
// the process does: Linux ties "die with your parent" to the parent's thread.
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

// PID is the child's process id.
func (p *Process) PID() int { return p.command.Process.Pid }

// Exited is closed when the child has ended.
func (p *Process) Exited() <-chan struct{} { return p.exited }

// End says how the child has ended, such as "exit status 1".
func (p *Process) End() string {
	<-p.exited
	return p.command.ProcessState.String()
}

// Output is the end of what the child has printed.
func (p *Process) Output() string { return p.output.String() }

// Stop asks the child to end, and kills it when that takes longer than the timeout.
func (p *Process) Stop(timeout time.Duration) {
	_ = p.command.Process.Signal(syscall.SIGTERM)
	select {
	case <-p.exited:
	case <-time.After(timeout):
		p.Kill()
	}
}

// Kill ends the child with no chance to tidy up, as a power cut would.
func (p *Process) Kill() {
	_ = p.command.Process.Kill()
	<-p.exited
}

// tailSize is enough for the reason of an end, however much was printed before.
const tailSize = 64 << 10

// tail keeps the last of what is written to it.
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
