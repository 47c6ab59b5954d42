package main

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/callthread/callthread/babelforce"
	"github.com/callthread/callthread/internal/source"
	"github.com/callthread/callthread/starter/webhook"
)

// pipes is a listener for connections that dial makes, for use in a synctest bubble.
type pipes chan net.Conn

func (p pipes) Accept() (net.Conn, error) {
	if c, open := <-p; open {
		return c, nil
	}
	return nil, net.ErrClosed
}
func (p pipes) Close() error   { close(p); return nil }
func (p pipes) Addr() net.Addr { return &net.TCPAddr{} }

// fromAddress is a connection from a given address.
type fromAddress struct {
	net.Conn
	address string
}

func (f fromAddress) RemoteAddr() net.Addr {
	address, _ := net.ResolveTCPAddr("tcp", f.address)
	return address
}

func (p pipes) dial(address string) net.Conn {
	ours, theirs := net.Pipe()
	p <- fromAddress{theirs, address}
	return ours
}

// withServer serves a receiver without a secret and without Temporal until the test ends.
func withServer(t *testing.T, test func(*testing.T, pipes), proxies ...string) {
	t.Helper()
	withReceiver(t, webhook.Config{}, test, proxies...)
}

func withReceiver(t *testing.T, config webhook.Config, test func(*testing.T, pipes), proxies ...string) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		trusted, err := source.ParseProxies(strings.Join(proxies, ","))
		require.NoError(t, err)
		listener, ended := make(pipes), make(chan error)
		log := slog.New(slog.DiscardHandler)
		config.Log = log
		go func() { ended <- serveHTTP(ctx, listener, webhook.New(config), trusted, log) }()
		test(t, listener)
		cancel()
		require.NoError(t, <-ended)
	})
}

// answerTo returns the status of the answer and how long it took. The status is 0 if the server
// closes the connection without an answer.
func answerTo(t *testing.T, c net.Conn, send ...string) (status int, took time.Duration) {
	t.Helper()
	began := time.Now()
	go func() {
		for _, part := range send {
			if _, err := io.WriteString(c, part); err != nil {
				return
			}
		}
	}()
	response, err := http.ReadResponse(bufio.NewReader(c), nil)
	took = time.Since(began)
	if err == nil {
		status = response.StatusCode
		_ = response.Body.Close()
	}
	_ = c.Close()
	return status, took
}

const head = "POST /webhooks/babelforce/call-inbound HTTP/1.1\r\nHost: x\r\n"

func TestSlowSenderTimesOut(t *testing.T) {
	withServer(t, func(t *testing.T, server pipes) {
		for name, c := range map[string]struct {
			sent   string
			status int
			within time.Duration
		}{
			"says nothing":           {"", 0, readHeaderTimeout},
			"header without end":     {head + "X-More: ", 0, readHeaderTimeout},
			"body without end":       {head + "Content-Length: 10\r\n\r\n{", http.StatusBadRequest, readTimeout},
			"chunks without end":     {head + "Transfer-Encoding: chunked\r\n\r\n1\r\n{\r\n", http.StatusBadRequest, readTimeout},
			"chunk size without end": {head + "Transfer-Encoding: chunked\r\n\r\n0000", http.StatusBadRequest, readTimeout},
			"no body but its length": {head + "Content-Length: 65536\r\n\r\n", http.StatusBadRequest, readTimeout},
			"waits for 100 Continue": {head + "Content-Length: 65536\r\nExpect: 200-maybe\r\n\r\n", http.StatusExpectationFailed, time.Second},
		} {
			status, took := answerTo(t, server.dial("203.0.113.9:1"), c.sent)
			require.Equal(t, c.status, status, name)
			require.LessOrEqual(t, took, c.within+time.Second, name)
		}
	})
}

func TestUnauthorizedBodyIsNotRead(t *testing.T) {
	verifier, err := babelforce.NewVerifier([]string{"a-long-random-secret"})
	require.NoError(t, err)
	withReceiver(t, webhook.Config{Verifier: verifier}, func(t *testing.T, server pipes) {
		for _, sent := range []string{
			head + "Content-Length: 60000\r\n\r\n{",
			head + "X-Webhook-Secret: wrong\r\nTransfer-Encoding: chunked\r\n\r\n1\r\n{\r\n",
			head + "X-Webhook-Secret: wrong\r\n\r\n",
		} {
			connection := server.dial("203.0.113.9:1")
			began := time.Now()
			go func() { _, _ = io.WriteString(connection, sent) }()
			answer, err := io.ReadAll(connection) // until it hangs up
			require.NoError(t, err)
			require.Contains(t, string(answer), "401 Unauthorized")
			require.Less(t, time.Since(began), 2*time.Second)
			_ = connection.Close()
		}
	})
}

// Single bytes must not extend the timeout.
func TestSingleBytesDoNotExtendTheTimeout(t *testing.T) {
	withServer(t, func(t *testing.T, server pipes) {
		for name, c := range map[string]struct {
			begin, more string
			within      time.Duration
		}{
			"header": {head, "X-More: x\r\n", readHeaderTimeout},
			"body":   {head + "Content-Length: 60000\r\n\r\n", "{", readTimeout},
		} {
			connection := server.dial("203.0.113.9:1")
			began := time.Now()
			go func() { _, _ = io.Copy(io.Discard, connection) }()
			_, err := io.WriteString(connection, c.begin)
			for ; err == nil; <-time.After(time.Second) {
				_, err = io.WriteString(connection, c.more)
			}
			require.LessOrEqual(t, time.Since(began), c.within+3*time.Second, name)
			_ = connection.Close()
		}
	})
}

func TestTooLargeRequestIsRefused(t *testing.T) {
	withServer(t, func(t *testing.T, server pipes) {
		chunk := fmt.Sprintf("%x\r\n%s\r\n", 4096, strings.Repeat(" ", 4096))
		for name, c := range map[string]struct {
			sent   []string
			status int
		}{
			"one long header":  {[]string{head + "X-Long: ", strings.Repeat("x", 32<<10), "\r\n\r\n"}, http.StatusRequestHeaderFieldsTooLarge},
			"many headers":     {[]string{head, strings.Repeat("X-Many: x\r\n", 3000), "\r\n"}, http.StatusRequestHeaderFieldsTooLarge},
			"long path":        {[]string{"GET /" + strings.Repeat("x", 32<<10) + " HTTP/1.1\r\nHost: x\r\n\r\n"}, http.StatusRequestHeaderFieldsTooLarge},
			"64 KiB and one":   {[]string{head + "Content-Length: 65537\r\n\r\n", strings.Repeat(" ", 65537)}, http.StatusRequestEntityTooLarge},
			"chunks, and more": {append([]string{head + "Transfer-Encoding: chunked\r\n\r\n"}, strings.Split(strings.Repeat(chunk+"|", 100), "|")...), http.StatusRequestEntityTooLarge},
			"two lengths":      {[]string{head + "Content-Length: 2\r\nContent-Length: 3\r\n\r\n{}"}, http.StatusBadRequest},
			"no length at all": {[]string{head + "Content-Length: -1\r\n\r\n"}, http.StatusBadRequest},
			"another coding":   {[]string{head + "Transfer-Encoding: gzip\r\n\r\n"}, http.StatusNotImplemented},
		} {
			status, took := answerTo(t, server.dial("203.0.113.9:1"), c.sent...)
			require.Equal(t, c.status, status, name)
			require.Less(t, took, time.Second, name)
		}
	})
}

func TestOneSourceCannotTakeAllConnections(t *testing.T) {
	const alive = "GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
	served := func(t *testing.T, server pipes, address string) bool {
		status, _ := answerTo(t, server.dial(address), alive)
		return status == http.StatusOK
	}
	withServer(t, func(t *testing.T, server pipes) {
		var held []net.Conn
		hold := func(source string, count int) {
			for i := range count {
				held = append(held, server.dial(fmt.Sprintf(source, i)))
			}
			synctest.Wait()
		}
		hold("[2001:db8::%x]:1", maxPerSource)
		require.False(t, served(t, server, "[2001:db8::ffff:1]:1"), "of the same /64")
		require.True(t, served(t, server, "[2001:db8:0:1::1]:1"))
		hold("10.0.0.7:%d", maxPerSource+1)
		require.True(t, served(t, server, "10.0.0.7:1"), "a proxy of ours")
		hold("10.0.0.7:%d", maxConnections-2*maxPerSource-1)
		require.False(t, served(t, server, "203.0.113.9:1"), "all are taken")

		<-time.After(readHeaderTimeout) // none of them has sent anything
		synctest.Wait()
		require.True(t, served(t, server, "[2001:db8::ffff:1]:1"))
		require.True(t, served(t, server, "203.0.113.9:1"))
		for _, c := range held {
			_ = c.Close()
		}
	}, "10.0.0.0/8")
}

func TestLogNamesNoSender(t *testing.T) {
	var logs bytes.Buffer
	log := slog.New(discreet{slog.NewTextHandler(&logs, nil)})
	for _, address := range []string{"203.0.113.9:51234", "[2001:db8::1]:51234", "[fe80::1%eth0]:1"} {
		log.Warn("http: TLS handshake error from " + address + ": EOF")
		require.Empty(t, logs.String(), "anybody can cause it")
		log.Warn("http: panic serving " + address + ": oh")
		require.Contains(t, logs.String(), "panic serving a sender: oh")
		logs.Reset()
	}
}
