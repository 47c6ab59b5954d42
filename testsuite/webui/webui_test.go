package webui

import (
	"encoding/base64"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/callthread/callthread/internal/codec"
	"github.com/callthread/callthread/internal/demo"
	"github.com/callthread/callthread/testsuite/stage"
	"github.com/callthread/callthread/workflows"
)

// What an operator asks, and the words on the page that answer it. Nobody has
// to read a payload for that.
func TestOperatorsQuestionsAreAnsweredInTheWebUI(t *testing.T) {
	t.Parallel()
	stage.NeedsTemporal(t)
	b := startBrowser(t)
	p := b.open(t, 1400, 780)
	_, err := calls()
	require.NoError(t, err)

	t.Run("Which calls are there, and which wait or are parked for what?", func(t *testing.T) {
		p := b.open(t, 1900, 580)
		p.visit(t, product.UI+"/namespaces/default/workflows")
		p.says(t, "call/"+parked)
		addColumns(t, p)
		p.says(t, "CallPhase", "WaitsFor", "CallOutcome", "ParkedBecause", "QueueName",
			"parked", "operator", "kustomer", "could not open the conversation: cannot create conversation: rejected (HTTP 400)",
			"abandoned_in_queue", "finished", "bridged", "Support")
		p.picture(t, "list")
	})
	t.Run("Which calls are parked?", func(t *testing.T) {
		p.visit(t, product.UI+"/namespaces/default/workflows?query="+url.QueryEscape(workflows.ParkedCalls))
		text := p.says(t, "call/"+parked, "could not open the conversation")
		require.NotContains(t, text, "call/"+ringing)
	})
	t.Run("Why is it parked, and what can I do?", func(t *testing.T) {
		p.visitCall(t, parked, "user-metadata")
		p.says(t, "Inbound call of ", "parked: could not open the conversation:", "rejected (HTTP 400)",
			"now: waits for an operator to decide", "starter retry "+parked, "starter amend "+parked, "starter skip "+parked)
		p.picture(t, "parked")
	})
	t.Run("What does it wait for?", func(t *testing.T) {
		p.visitCall(t, ringing, "user-metadata")
		p.says(t, "ringing", "conversation opened", "now: waits for an agent to pick up", "time limit for an agent to pick up")
		p.picture(t, "waiting")
		p.visitCall(t, talking, "user-metadata")
		p.says(t, "answered by agent 4711", "conversation handed over", "now: waits for the end of the call")
		p.visitCall(t, held, "user-metadata")
		p.says(t, "now: waits for Kustomer to open the conversation")
		p.visitCall(t, held, "pending-activities")
		p.says(t, "CreateConversation", "HTTP 503")
		p.picture(t, "held-up")
	})
	t.Run("What became of it, and who answered?", func(t *testing.T) {
		p.visitCall(t, answered, "user-metadata")
		text := p.says(t, "answered by agent 4711", "conversation handed over", "outcome written: answered", "over: answered")
		require.NotContains(t, text, "now: waits")
		p.picture(t, "over")
		p.visitCall(t, missed, "user-metadata")
		p.says(t, "call ended (hangup)", "over: the caller hung up in the queue")
		p.visitCall(t, unassigned, "user-metadata")
		p.says(t, "answered by agent 4790", "left unassigned: Kustomer does not know the agent")
	})
	t.Run("When was what done?", func(t *testing.T) {
		p.visitCall(t, answered, "history")
		p.says(t, "open the conversation", "bridged", "assign the agent, tag and note", "finished", "time limit for an agent to pick up", "time limit for late reports", "write the outcome")
		_, err := p.run(`[...document.querySelectorAll('h2')].find(h => h.innerText == 'Event History').scrollIntoView({block: 'center'})`)
		require.NoError(t, err)
		p.picture(t, "timeline")
	})
}

// addColumns does what docs/web-ui.md says to do once in each browser.
func addColumns(t *testing.T, p page) {
	t.Helper()
	p.click(t, `[data-testid=workflows-summary-table-configuration-button]`)
	for _, column := range []string{"Run ID", "Type", "Start", "End"} {
		p.click(t, `[data-testid="orderable-list-item-`+column+`-remove-button"]`)
	}
	for _, column := range []string{"CallPhase", "WaitsFor", "CallOutcome", "QueueName", "ParkedBecause", "Start", "End"} {
		p.click(t, `[data-testid="orderable-list-item-`+column+`-add-button"]`)
	}
	p.visit(t, product.UI+"/namespaces/default/workflows") // the browser remembers
}

// visitCall goes to a page of a call's run, which the Web UI finds by the call alone.
func (p page) visitCall(t *testing.T, key, tab string) {
	t.Helper()
	p.visitCallOn(t, product, key, tab)
}

func (p page) visitCallOn(t *testing.T, on *demo.Stage, key, tab string) {
	t.Helper()
	run := on.Temporal.GetWorkflow(t.Context(), workflows.WorkflowID(key), "")
	described, err := on.Temporal.DescribeWorkflowExecution(t.Context(), run.GetID(), "")
	require.NoError(t, err)
	id := described.GetWorkflowExecutionInfo().GetExecution().GetRunId()
	p.visit(t, on.UI+"/namespaces/default/workflows/"+url.PathEscape(run.GetID())+"/"+id+"/"+tab)
}

// picture writes down what is seen, where -pictures says to.
func (p page) picture(t *testing.T, name string) {
	t.Helper()
	if *pictures == "" {
		return
	}
	var taken struct{ Data string }
	require.NoError(t, p.ask("Page.captureScreenshot", map[string]any{"format": "png"}, &taken))
	image, err := base64.StdEncoding.DecodeString(taken.Data)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(filepath.Join(*pictures, name+".png"), image, 0o644))
}

// lacking is the first of the words that the text does not have.
func lacking(text string, words []string) string {
	for _, word := range words {
		if !strings.Contains(text, word) {
			return word
		}
	}
	return ""
}

// With a codec server the pages are as legible as without encryption; without one they tell nothing.
func TestEncryptedCallsAreLegibleThroughTheCodecServerOnly(t *testing.T) {
	t.Parallel()
	stage.NeedsTemporal(t)
	p := startBrowser(t).open(t, 1400, 780)
	key, err := codec.NewKey("test")
	require.NoError(t, err)
	encrypted, err := start(key)
	require.NoError(t, err)
	defer encrypted.Close()
	require.NoError(t, post(encrypted, "call-inbound", `{"call":{"id":"encrypted","from":"+493023125042","to":"+493023125001"}}`))

	p.visitCallOn(t, encrypted, "encrypted", "user-metadata")
	p.says(t, "Inbound call of ", "starter retry encrypted", "now: waits for")

	require.NoError(t, p.ask("Network.enable", nil, nil))
	require.NoError(t, p.ask("Network.setBlockedURLs", map[string]any{"urls": []string{encrypted.CodecURL + "/*"}}, nil))
	p.visitCallOn(t, encrypted, "encrypted", "user-metadata")
	text := p.says(t, "call/encrypted", "Codec Server could not connect", "Decoding failed")
	require.NotContains(t, text, "Inbound call of ")
	require.NotContains(t, text, "ringing")
}
