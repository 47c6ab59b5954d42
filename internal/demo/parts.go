package demo

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"github.com/callthread/callthread/internal/child"
)

// Part names a process of the stage.
type Part string

// The parts that can be killed. The second and further processes of a kind have a number after the
// name.
const (
	Receiver   Part = "receiver"
	Worker     Part = "worker"
	Temporal   Part = "Temporal"
	PostgreSQL Part = "PostgreSQL"
)

// nth returns the name of the nth process of a kind, starting at 1.
func (p Part) nth(n int) Part {
	if n == 1 {
		return p
	}
	return Part(fmt.Sprintf("%s %d", p, n))
}

// stageFailure is an error after which the run cannot continue.
type stageFailure struct {
	part Part
	error
}

// part is a process that can be killed and restarted.
type part struct {
	start func(context.Context) (*child.Process, error)

	mu      sync.Mutex
	process *child.Process
	down    bool // stopped on purpose
}

// run starts the part, and calls fail if the process ends by itself.
func (p *part) run(ctx context.Context, name Part, fail func(Part, error)) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	process, err := p.start(ctx)
	if err != nil {
		return fmt.Errorf("start %s: %w", name, err)
	}
	p.process, p.down = process, false
	go p.watch(process, name, fail)
	return nil
}

func (p *part) watch(process *child.Process, name Part, fail func(Part, error)) {
	<-process.Exited()
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.down && p.process == process {
		fail(name, fmt.Errorf("%s ended by itself: %s\n%s", name, process.End(), process.Output()))
	}
}

// watch registers a running part that can be killed and restarted, and fails the stage if it ends
// by itself.
func (s *Stage) watch(name Part, p *part) {
	s.parts[name] = p
	go p.watch(p.process, name, s.fail)
}

// end stops the process in the given way.
func (p *part) end(how func(*child.Process)) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.down = true
	how(p.process)
}

// Kill kills a part without a chance to clean up.
func (s *Stage) Kill(name Part) { s.parts[name].end((*child.Process).Kill) }

// Restart starts a killed part at the same address. It waits until Temporal answers, but not for
// other parts.
func (s *Stage) Restart(ctx context.Context, name Part) error {
	return s.parts[name].run(ctx, name, s.fail)
}

// fail ends the run because a part failed.
func (s *Stage) fail(part Part, err error) {
	select {
	case s.failed <- stageFailure{part, err}:
	default: // one failure is enough
	}
}

// untilFailure returns a context that ends when the stage fails, with the failure as its cause.
func (s *Stage) untilFailure(ctx context.Context) (context.Context, context.CancelFunc) {
	watched, fail := context.WithCancelCause(ctx)
	go func() {
		select {
		case err := <-s.failed:
			fail(err)
		case <-watched.Done():
		}
	}()
	return watched, func() { fail(context.Canceled) }
}

// failure returns the failure of the stage that ended the context, or nil.
func failure(ctx context.Context) error {
	var failed stageFailure
	if errors.As(context.Cause(ctx), &failed) {
		return failed.error
	}
	return nil
}
