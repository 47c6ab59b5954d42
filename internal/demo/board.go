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
	"golang.org/x/term"

	"github.com/callthread/callthread/babelforce/simulator"
	"github.com/callthread/callthread/reconcile"
	"github.com/callthread/callthread/workflows"
)

const (
	// rowFormat leaves 26 of 100 columns for the story.
	rowFormat = "%-8s  %-3s  %-18s  %-17.17s  %8s  %8s  %s"
	// idShown is the number of characters of a call's id on the board: enough to find the call by.
	idShown = 8
	// refresh is the interval at which the table on a terminal is redrawn.
	refresh = 500 * time.Millisecond
)

// board shows the progress of every call. On a terminal it is a table that redraws
// itself; elsewhere it prints one line for each call that has ended.
type board struct {
	out      io.Writer
	terminal *os.File // nil if out is not a terminal

	mu    sync.Mutex
	rows  []*row // oldest first
	byKey map[string]*row
	drawn int // lines on the screen that the next drawing replaces
	// closed is set when the lines on the screen must not be overwritten any more.
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

// start adds a call to the board.
func (b *board) start(story simulator.Story) {
	b.mu.Lock()
	defer b.mu.Unlock()
	r := &row{key: story.Key, way: story.Want.Direction, title: story.Title, phase: string(workflows.Ringing)}
	b.rows = append(b.rows, r)
	b.byKey[story.Key] = r
}

// say prints a line, unless out is a terminal with a table.
func (b *board) say(line string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.terminal == nil {
		fmt.Fprintln(b.out, line)
	}
}

// end shows the result of a call.
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

// found shows what the comparison with babelforce's log found about a call.
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

// row prints a row. On a terminal it cuts the row to the width of the screen, because the
// next drawing counts one line per row.
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

// follow keeps the table on a terminal up to date until the context ends. It reads the
// phases from Temporal's workflow list, as operators do.
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
		return // the next tick tries again
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, run := range running.GetExecutions() {
		key := workflows.CallKey(run.GetExecution().GetWorkflowId())
		if r := b.byKey[key]; r != nil && r.outcome == "" {
			r.phase = workflows.Attribute[string](run, workflows.CallPhase)
		}
	}
}

// draw replaces the table on the screen with the latest calls that fit.
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
		fmt.Fprintf(b.out, "\x1b[%dA\x1b[J", b.drawn) // move to the header and clear the rest
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
