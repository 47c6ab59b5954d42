package demo

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"os"
	"sync"
	"time"

	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/converter"
	"golang.org/x/term"

	"github.com/callthread/callthread/babelforce/simulator"
	"github.com/callthread/callthread/reconcile"
	"github.com/callthread/callthread/workflows"
)

const (
	// rowFormat leaves 26 of a hundred columns for the story.
	rowFormat = "%-8s  %-3s  %-18s  %-17.17s  %8s  %8s  %s"
	// idShown is how much of a call's id is shown: enough to find it by, and to copy.
	idShown = 8
	// refresh is how often the table of a terminal is redrawn.
	refresh = 500 * time.Millisecond
)

// board shows what happens to each call: as a table that redraws itself on a
// terminal, and elsewhere as a line per call that has ended.
type board struct {
	out      io.Writer
	terminal *os.File // nil where out is none

	mu    sync.Mutex
	rows  []*row // oldest first
	byKey map[string]*row
	drawn int // lines on the screen that the next drawing replaces
	// closed says that what comes next on the screen is not ours to overwrite.
	closed bool
}

// row is one call on the board.
type row struct {
	key, way, title, agent       string
	phase, outcome               string
	ringToOpened, bridgeToUpdate int64 // milliseconds
	problem                      string
}

func newBoard(out io.Writer) *board {
	b := &board{out: out, byKey: make(map[string]*row)}
	if file, ok := out.(*os.File); ok && term.IsTerminal(int(file.Fd())) {
		b.terminal = file
	} else {
		b.header()
	}
	return b
}

func (b *board) header() {
	b.row("CALL", "WAY", "STATE", "AGENT", "OPENED", "ASSIGNED", "STORY")
}

// start puts a call on the board.
func (b *board) start(story simulator.Story) {
	b.mu.Lock()
	defer b.mu.Unlock()
	r := &row{key: story.Key, way: story.Want.Direction, title: story.Title, phase: string(workflows.Ringing)}
	b.rows = append(b.rows, r)
	b.byKey[story.Key] = r
}

// say prints a line, except into the table of a terminal.
func (b *board) say(line string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.terminal == nil {
		fmt.Fprintln(b.out, line)
	}
}

// end says what became of a call.
func (b *board) end(story simulator.Story, state workflows.State, err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	r := b.byKey[story.Key]
	r.agent = story.Want.Agent().Name
	r.phase, r.outcome = string(state.Phase), string(state.Outcome)
	r.ringToOpened, r.bridgeToUpdate = state.RingToConversationMS, state.BridgeToUpdateMS
	if err != nil {
		r.problem = err.Error()
	}
	if b.terminal == nil {
		b.print(r)
	}
}

// found says what a comparison with babelforce's log has found about a call.
func (b *board) found(v reconcile.Verdict) {
	b.mu.Lock()
	defer b.mu.Unlock()
	r := b.byKey[v.CallID]
	if r == nil {
		return
	}
	r.outcome, r.problem = string(v.Result), "webhooks lost; repaired from babelforce's log"
	if b.terminal == nil {
		b.print(r)
	}
}

func (b *board) print(r *row) {
	story := r.title
	if r.problem != "" {
		story += ": " + r.problem
	}
	b.row(r.key[:idShown], r.way, cmp.Or(r.outcome, r.phase, "–"), cmp.Or(r.agent, "–"),
		milliseconds(r.ringToOpened), milliseconds(r.bridgeToUpdate), story)
}

// row prints a row. On a terminal it is no longer than a line, of which the next
// drawing has to count as many.
func (b *board) row(cells ...any) {
	line := []rune(fmt.Sprintf(rowFormat, cells...))
	if b.terminal != nil {
		line = line[:min(len(line), b.width())]
	}
	fmt.Fprintln(b.out, string(line))
}

func (b *board) width() int {
	if width, _, err := term.GetSize(int(b.terminal.Fd())); err == nil && width > 0 {
		return width
	}
	return 100
}

func milliseconds(n int64) string {
	switch {
	case n <= 0:
		return "–"
	case n >= 10_000:
		return fmt.Sprintf("%.1f s", float64(n)/1000)
	}
	return fmt.Sprintf("%d ms", n)
}

// follow keeps the table of a terminal up to date until the context ends. The
// phases are read where operators read them: from Temporal's list of runs.
func (b *board) follow(ctx context.Context, temporal client.Client) {
	if b.terminal == nil {
		return
	}
	tick := time.NewTicker(refresh)
	defer tick.Stop()
	for {
		b.readPhases(ctx, temporal)
		b.draw()
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

func (b *board) readPhases(ctx context.Context, temporal client.Client) {
	running, err := temporal.ListWorkflow(ctx, &workflowservice.ListWorkflowExecutionsRequest{
		Query: "WorkflowType = 'CallWorkflow' AND ExecutionStatus = 'Running'",
	})
	if err != nil {
		return // the next tick asks again
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, run := range running.GetExecutions() {
		key := workflows.CallKey(run.GetExecution().GetWorkflowId())
		if r := b.byKey[key]; r != nil && r.outcome == "" {
			phase := run.GetSearchAttributes().GetIndexedFields()[workflows.CallPhase.GetName()]
			_ = converter.GetDefaultDataConverter().FromPayload(phase, &r.phase)
		}
	}
}

// draw replaces the table on the screen with as many of the latest calls as fit.
func (b *board) draw() {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.closed {
		return
	}
	_, height, err := term.GetSize(int(b.terminal.Fd()))
	if err != nil {
		height = 24
	}
	shown := b.rows[max(0, len(b.rows)-max(1, height-8)):]
	if b.drawn > 0 {
		fmt.Fprintf(b.out, "\x1b[%dA\x1b[J", b.drawn) // up to the header, and clear from there
	}
	b.header()
	for _, r := range shown {
		b.print(r)
	}
	b.drawn = len(shown) + 1
}

// close leaves the last state on the screen.
func (b *board) close() {
	if b.terminal != nil {
		b.draw()
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.closed = true
	fmt.Fprintln(b.out)
}
