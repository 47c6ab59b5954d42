package demo

import (
	"bytes"
	"context"
	"errors"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	commonpb "go.temporal.io/api/common/v1"
	workflowpb "go.temporal.io/api/workflow/v1"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/converter"

	"github.com/callthread/callthread/babelforce"
	"github.com/callthread/callthread/babelforce/simulator"
	"github.com/callthread/callthread/call"
	"github.com/callthread/callthread/workflows"
)

const key = "7c3f9a2e4b5d6e8f9a0b1c2d3e4f5a6b"

var onBoard = simulator.Story{Key: key, Title: "answered at the first ring", Want: simulator.Want{
	Direction: "out", Bridges: []simulator.Bridge{{Agent: babelforce.Agent{Name: "Ada Äther"}}},
}}

func TestBoardPrintsLinesWithoutTerminal(t *testing.T) {
	var out bytes.Buffer
	board := newBoard(&out)
	board.follow(t.Context(), nil) // returns at once without a terminal
	unanswered := simulator.Story{Key: strings.Repeat("b", 32), Title: "abandoned", Want: simulator.Want{Direction: "in"}}
	board.start(onBoard)
	board.start(unanswered)
	board.end(unanswered, workflows.State{}, errors.New("gave up"))
	board.end(onBoard, workflows.State{
		Phase: workflows.Finished, Outcome: call.Answered, Progress: workflows.Progress{RingToConversationMS: 7, BridgeToUpdateMS: 27_400},
	}, nil)
	board.close()

	lines := strings.Split(strings.TrimRight(out.String(), "\n"), "\n")
	require.Len(t, lines, 3)
	require.Contains(t, lines[0], "CALL")
	require.Equal(t, strings.Fields("bbbbbbbb in – – – – abandoned: gave up"), strings.Fields(lines[1]))
	require.Equal(t, strings.Fields("7c3f9a2e out answered Ada Äther 7 ms 27.4 s answered at the first ring"), strings.Fields(lines[2]))
	require.NotContains(t, out.String(), "\x1b")
}

// drawing returns a board on a terminal and the buffer that receives its output.
func drawing() (*board, *bytes.Buffer) {
	var out bytes.Buffer
	board := newBoard(&out)
	board.terminal = os.Stderr
	out.Reset()
	return board, &out
}

func TestTableIsRedrawnInPlace(t *testing.T) {
	board, out := drawing()
	board.start(onBoard)
	board.draw()
	require.NotContains(t, out.String(), "\x1b")
	out.Reset()
	board.draw()
	require.True(t, strings.HasPrefix(out.String(), "\x1b[2A\x1b[J"), "the header and one call are replaced")
	board.end(onBoard, workflows.State{Phase: workflows.Finished, Outcome: call.Answered}, nil)
	board.close()
	require.Contains(t, out.String(), "answered")
	out.Reset()
	board.draw()
	require.Empty(t, out.String(), "the report that follows must not be overwritten")
}

func TestRowOnATerminalIsOneLine(t *testing.T) {
	board, out := drawing()
	long := onBoard
	long.Title = strings.Repeat("nobody picks up, the queue gives up, ", 9)
	board.start(long)
	board.draw()
	for line := range strings.Lines(out.String()) {
		require.LessOrEqual(t, len([]rune(line)), 101, "the next drawing counts it as one")
	}
	require.Contains(t, out.String(), "\n7c3f9a2e  ", "the id can be copied by itself")
}

// runs is a Temporal client that lists one workflow.
type runs struct {
	client.Client
	id    string
	phase workflows.Phase
	err   error
}

func (r runs) ListWorkflow(context.Context, *workflowservice.ListWorkflowExecutionsRequest) (*workflowservice.ListWorkflowExecutionsResponse, error) {
	phase, err := converter.GetDefaultDataConverter().ToPayload(r.phase)
	return &workflowservice.ListWorkflowExecutionsResponse{Executions: []*workflowpb.WorkflowExecutionInfo{{
		Execution:        &commonpb.WorkflowExecution{WorkflowId: r.id},
		SearchAttributes: &commonpb.SearchAttributes{IndexedFields: map[string]*commonpb.Payload{"CallPhase": phase}},
	}}}, errors.Join(err, r.err)
}

func TestBoardShowsPhasesFromWorkflowList(t *testing.T) {
	board, _ := drawing()
	board.start(onBoard)
	phase := func(of runs) string {
		board.readPhases(t.Context(), of)
		return board.byKey[key].phase
	}
	require.Equal(t, "bridged", phase(runs{id: "call/" + key, phase: workflows.Bridged}))
	require.Equal(t, "bridged", phase(runs{id: "call/other", phase: workflows.Parked}))
	require.Equal(t, "bridged", phase(runs{id: "call/" + key, phase: workflows.Parked, err: errors.New("gone")}))
	board.end(onBoard, workflows.State{Phase: workflows.Finished, Outcome: call.Answered}, nil)
	require.Equal(t, "finished", phase(runs{id: "call/" + key, phase: workflows.Bridged}), "the list lags behind")
}
