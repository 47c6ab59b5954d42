package demo

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"github.com/callthread/callthread/internal/child"
)

// Part is a process of the stage.
type Part string

// The parts that can be killed. Of several of a kind the others have a number behind the name.
const (
	Receiver   Part = "receiver"
	Worker     Part = "worker"
	Temporal   Part = "Temporal"
	PostgreSQL Part = "PostgreSQL"
)

// nth is the name of the nth of a kind, from 1.
func (p Part) nth(n int) Part {
	if n == 1 {
		return p
	}
	return Part(fmt.Sprintf("%s %d", p, n))
}

// stageFailure is what makes it pointless to go on.
type stageFailure struct {
	part Part
	error
}

// part is a process that can be killed and started anew.
type part struct {
	start func(context.Context) (*child.Process, error)

	mu      sync.Mutex
	process *child.Process
	down    bool // on purpose
}

// run starts the part, and tells the stage should it end by itself.
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

// watch has a running part killed and restarted under its name, and tells the stage should it end by itself.
func (s *Stage) watch(name Part, p *part) {
	s.parts[name] = p
	go p.watch(p.process, name, s.fail)
}

// end lets go of the process in the given way.
func (p *part) end(how func(*child.Process)) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.down = true
	how(p.process)
}

// Kill ends a part with no chance to tidy up.
func (s *Stage) Kill(name Part) { s.parts[name].end((*child.Process).Kill) }

// Restart starts a part that was killed, at the same address. It waits until Temporal answers, but not for the others.
func (s *Stage) Restart(ctx context.Context, name Part) error {
	return s.parts[name].run(ctx, name, s.fail)
}

// fail ends the run, because of a part.
func (s *Stage) fail(part Part, err error) {
	select {
	case s.failed <- stageFailure{part, err}:
	default: // one failure is enough
	}
}

// untilFailure is a context that ends when the stage fails, with that as its cause.
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

// failure is what has ended the context, if it was the stage.
func failure(ctx context.Context) error {
	var failed stageFailure
	if errors.As(context.Cause(ctx), &failed) {
		return failed.error
	}
	return nil
}
