package webui

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/callthread/callthread/testsuite/stage"
)

// timeout bounds the time until a page shows what it must.
const timeout = stage.WaitLimit

// browser is a headless Chromium, controlled over two pipes with its DevTools protocol. The
// tests need few of the protocol's methods, so no library is used.
type browser struct {
	commands io.Writer

	mu      sync.Mutex
	sent    int
	answers map[int]chan answer
	ended   error
}

type answer struct {
	ID     int             `json:"id"`
	Result json.RawMessage `json:"result"`
	Error  *struct {
		Message string `json:"message"`
	} `json:"error"`
}

// chromium returns the browser that CHROMIUM names, or the first one on PATH.
func chromium(t *testing.T) string {
	t.Helper()
	if named := os.Getenv("CHROMIUM"); named != "" {
		return named
	}
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	t.Skip("no Chromium to look at the Web UI with: put one on PATH, or name it in CHROMIUM")
	return ""
}

// startBrowser starts a browser with its own profile until the test ends.
func startBrowser(t *testing.T) *browser {
	t.Helper()
	command := exec.Command(chromium(t), "--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", "--no-first-run",
		"--disable-background-networking", "--disable-component-update", "--disable-dev-shm-usage", "--lang=en",
		"--user-data-dir="+t.TempDir(), "--remote-debugging-pipe")
	theirs, commands, err := os.Pipe()
	require.NoError(t, err)
	answers, ours, err := os.Pipe()
	require.NoError(t, err)
	command.ExtraFiles = []*os.File{theirs, ours} // Chromium expects the pipes as descriptors 3 and 4
	require.NoError(t, command.Start())
	require.NoError(t, errors.Join(theirs.Close(), ours.Close()))

	b := &browser{commands: commands, answers: make(map[int]chan answer)}
	go b.read(answers)
	t.Cleanup(func() {
		b.send("", "Browser.close", nil)
		closing := time.AfterFunc(timeout, func() { _ = command.Process.Kill() })
		_ = command.Wait()
		closing.Stop()
		_, _ = commands.Close(), answers.Close()
	})
	return b
}

// read passes each answer to the caller that waits for it. Messages end with a zero byte.
func (b *browser) read(from io.Reader) {
	for messages := bufio.NewReader(from); ; {
		message, err := messages.ReadBytes(0)
		b.mu.Lock()
		if err != nil {
			b.ended = fmt.Errorf("the browser has ended: %w", err)
			for _, waiting := range b.answers {
				close(waiting)
			}
			b.answers = nil
			b.mu.Unlock()
			return
		}
		var said answer
		if json.Unmarshal(bytes.TrimSuffix(message, []byte{0}), &said) == nil && b.answers[said.ID] != nil {
			b.answers[said.ID] <- said
			delete(b.answers, said.ID)
		}
		b.mu.Unlock()
	}
}

// send sends a request. The channel receives one answer, or none if the browser ends first.
func (b *browser) send(session, method string, params any) <-chan answer {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.sent++
	waiting := make(chan answer, 1)
	command := map[string]any{"id": b.sent, "method": method}
	if session != "" {
		command["sessionId"] = session
	}
	if params != nil {
		command["params"] = params
	}
	message, err := json.Marshal(command)
	if err == nil && b.ended == nil {
		_, err = b.commands.Write(append(message, 0))
	}
	if err != nil || b.ended != nil {
		close(waiting)
		return waiting
	}
	b.answers[b.sent] = waiting
	return waiting
}

// page is one tab.
type page struct {
	*browser
	session string
}

// ask sends a request and waits for the answer.
func (p page) ask(method string, params, result any) error {
	select {
	case said, lives := <-p.send(p.session, method, params):
		switch {
		case !lives:
			return fmt.Errorf("%s: the browser is gone", method)
		case said.Error != nil:
			return fmt.Errorf("%s: %s", method, said.Error.Message)
		case result == nil:
			return nil
		}
		return json.Unmarshal(said.Result, result)
	case <-time.After(timeout):
		return fmt.Errorf("%s: no answer within %s", method, timeout)
	}
}

// open opens a tab of the given size.
func (b *browser) open(t *testing.T, width, height int) page {
	t.Helper()
	var target struct{ TargetID string }
	var attached struct{ SessionID string }
	p := page{browser: b}
	require.NoError(t, p.ask("Target.createTarget", map[string]any{"url": "about:blank"}, &target))
	require.NoError(t, p.ask("Target.attachToTarget", map[string]any{"targetId": target.TargetID, "flatten": true}, &attached))
	p.session = attached.SessionID
	screen := map[string]any{"width": width, "height": height, "deviceScaleFactor": 1, "mobile": false}
	require.NoError(t, p.ask("Emulation.setDeviceMetricsOverride", screen, nil))
	return p
}

// visit opens an address.
func (p page) visit(t *testing.T, url string) {
	t.Helper()
	var went struct{ ErrorText string }
	require.NoError(t, p.ask("Page.navigate", map[string]any{"url": url}, &went))
	require.Empty(t, went.ErrorText, url)
}

// run runs a script in the page and returns its result as text.
func (p page) run(script string) (string, error) {
	var ran struct {
		Result           struct{ Value any }
		ExceptionDetails *struct{ Text string }
	}
	err := p.ask("Runtime.evaluate", map[string]any{"expression": script, "returnByValue": true}, &ran)
	if err == nil && ran.ExceptionDetails != nil {
		err = errors.New(ran.ExceptionDetails.Text)
	}
	return fmt.Sprint(ran.Result.Value), err
}

// text returns the visible text of the page, including the frames that contain Markdown.
func (p page) text() (string, error) {
	return p.run(`[document, ...[...document.querySelectorAll('iframe')].map(frame => frame.contentDocument)]
		.map(shown => shown?.body?.innerText ?? '').join('\n')`)
}

// says waits until the page contains all these words.
func (p page) says(t *testing.T, words ...string) string {
	t.Helper()
	var text string
	for deadline := time.Now().Add(timeout); ; <-time.After(50 * time.Millisecond) {
		read, err := p.text()
		if err == nil {
			text = read
		}
		missing := lacking(text, words)
		if missing == "" {
			return text
		}
		if time.Now().After(deadline) {
			address, _ := p.run("location.href")
			require.FailNow(t, "the page does not say "+strconv.Quote(missing), "%s says:\n%s\n(%v)", address, text, err)
		}
	}
}

// click clicks on the element of the selector as soon as it exists.
func (p page) click(t *testing.T, selector string) {
	t.Helper()
	script := fmt.Sprintf(`(found => { found?.click(); return !!found })(document.querySelector(%q))`, selector)
	require.Eventually(t, func() bool {
		clicked, err := p.run(script)
		return err == nil && clicked == "true"
	}, timeout, 50*time.Millisecond, "nothing to click on: %s", selector)
}
