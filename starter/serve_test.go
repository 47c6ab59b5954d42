package main

import (
	"io"
	"net/http"
	"net/http/httptrace"
	"os"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/callthread/callthread/automation"
)

func TestReceiverRunsWithoutTemporal(t *testing.T) {
	p := launch(t, "--insecure", "--listen", "127.0.0.1:0", "--metrics-listen", "127.0.0.1:0", "--log-format", "json")
	metrics := "http://" + p.await(t, "serving metrics").Address
	url := "http://" + p.await(t, "listening").Address

	alive, _ := get(t, url+"/healthz")
	ready, _ := get(t, url+"/readyz")
	require.Equal(t, []int{http.StatusOK, http.StatusServiceUnavailable}, []int{alive, ready})
	require.Equal(t, http.StatusServiceUnavailable, post(t, url, "", `{"call.id":"x"}`))
	_, counted := get(t, metrics+"/metrics")
	require.Contains(t, counted, `callthread_webhooks_total{event="call-bridged",status="503"} 1`)

	p.stop()
	p.requireEnded(t)
}

func TestReceiverAnswersBeforeItStops(t *testing.T) {
	p, url := serving(t, "--insecure", "--listen", "127.0.0.1:0")
	// The receiver answers "100 Continue" when it begins to read the body.
	taken := make(chan struct{})
	ctx := httptrace.WithClientTrace(t.Context(), &httptrace.ClientTrace{Got100Continue: func() { close(taken) }})
	body, rest := io.Pipe()
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, url+"/webhooks/babelforce/call-bridged", body)
	require.NoError(t, err)
	request.Header.Set("Expect", "100-continue")
	answers := make(chan int, 1)
	go func() {
		client := &http.Client{Transport: &http.Transport{ExpectContinueTimeout: timeout}}
		if response, err := client.Do(request); err == nil {
			_ = response.Body.Close()
			answers <- response.StatusCode
		}
		close(answers)
	}()
	<-taken

	p.stop()
	p.await(t, "stopping")
	require.Empty(t, answers)
	require.Empty(t, p.ended)
	_, err = io.WriteString(rest, "{")
	require.NoError(t, err)
	require.NoError(t, rest.Close())
	require.Equal(t, http.StatusBadRequest, <-answers)
	p.requireEnded(t)
}

func TestLimitAppliesBehindATrustedProxy(t *testing.T) {
	t.Setenv("CALLTHREAD_WEBHOOK_SECRET", "secret")
	for proxy, other := range map[string]int{"127.0.0.0/8": http.StatusUnauthorized, "10.0.0.0/8": http.StatusTooManyRequests} {
		p, url := serving(t, "--listen", "127.0.0.1:0", "--trusted-proxies", proxy)
		sent := func(forwardedFor string) int {
			request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, url+"/webhooks/babelforce/call-bridged", strings.NewReader("{"))
			require.NoError(t, err)
			request.Header.Set("X-Forwarded-For", forwardedFor)
			request.Header.Set("webhook-signature", "v1,AAAA")
			status, _ := fetch(t, request)
			return status
		}
		for sent("198.51.100.1, 203.0.113.9") != http.StatusTooManyRequests {
		}
		require.Equal(t, other, sent("203.0.113.10"), proxy)
		require.Equal(t, http.StatusBadRequest, post(t, url, "secret", "{"), "a sender with the secret is accepted")
		p.stop()
		p.requireEnded(t)
	}
}

func TestHangupDoesNotEndAReceiver(t *testing.T) {
	p, url := serving(t, "--insecure", "--listen", "127.0.0.1:0", "--automations", writeFile(t, string(automation.DefaultFile)))
	require.NoError(t, syscall.Kill(os.Getpid(), syscall.SIGHUP)) // unless it is ignored, it ends this test
	alive, _ := get(t, url+"/healthz")
	require.Equal(t, http.StatusOK, alive)
	require.Empty(t, p.ended)
	p.stop()
	p.requireEnded(t)
}

const outgoing = `{"call.id":"x","call.type":"outbound","call.source":"api"}`

// Without Temporal, a wanted call is refused, and an unwanted one is accepted and ignored.
func TestOutboundCallsNeedAnAutomation(t *testing.T) {
	file := string(automation.DefaultFile) + "  - { event: call.outbound, action: kustomer.conversation.create, options: { tags: [outbound_call] } }\n"
	for status, args := range map[int][]string{http.StatusAccepted: nil, http.StatusServiceUnavailable: {"--automations", writeFile(t, file)}} {
		p, url := serving(t, append(args, "--insecure", "--listen", "127.0.0.1:0")...)
		require.Equal(t, status, post(t, url, "", outgoing))
		require.Equal(t, http.StatusServiceUnavailable, post(t, url, "", `{"call.id":"x"}`), "any other call is")
		p.stop()
		p.requireEnded(t)
	}
}

func TestReceiverStopsWhileItAwaitsTemporal(t *testing.T) {
	t.Setenv("KUSTOMER_URL", "https://acme.api.kustomerapp.com")
	p, url := serving(t, "--insecure", "--listen", "127.0.0.1:0", "--with-worker", "--country", "de", "--kustomer-api-key-file", writeFile(t, "key\n"))
	alive, _ := get(t, url+"/healthz")
	require.Equal(t, http.StatusOK, alive)
	p.await(t, "waiting for Temporal")
	p.stop()
	p.requireEnded(t)
}

func TestSandboxServesAndStops(t *testing.T) {
	t.Setenv("KUSTOMER_API_KEY", "some-key")
	p := launch(t, "sandbox", "--listen", "127.0.0.1:0")
	_, url, _ := strings.Cut(strings.TrimSpace(<-p.output), " at ")

	page, _ := get(t, url)
	require.Equal(t, http.StatusOK, page)
	for key, status := range map[string]int{"some-key": http.StatusOK, "another": http.StatusUnauthorized} {
		request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url+"/v1/users", nil)
		require.NoError(t, err)
		request.Header.Set("Authorization", "Bearer "+key)
		answered, _ := fetch(t, request)
		require.Equal(t, status, answered, key)
	}
	p.stop()
	p.requireEnded(t)
	require.Empty(t, p.output, "it prints no key that may be a real one")
}

func TestSandboxPrintsItsDefaultKey(t *testing.T) {
	p := launch(t, "sandbox", "--listen", "127.0.0.1:0")
	_, url, _ := strings.Cut(strings.TrimSpace(<-p.output), " at ")
	require.Equal(t, "Use it with KUSTOMER_URL="+url+" KUSTOMER_API_KEY="+sandboxKey+"\n", <-p.output)
}
