package webhook

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/callthread/callthread/internal/source"
)

// from is an event that an address sends, with the X-Forwarded-For of proxies.
func from(address string, forwarded ...string) *http.Request {
	sent := request("call-inbound")
	sent.RemoteAddr = address
	for _, said := range forwarded {
		sent.Header.Add("X-Forwarded-For", said)
	}
	return sent
}

func TestWrongSecretIsAnswered401HoweverOften(t *testing.T) {
	withReceiver(t, func(t *testing.T, r *receiver) {
		for range 2 * source.FailureBurst {
			refused := r.send(t, from("203.0.113.9:1"))
			require.Equal(t, http.StatusUnauthorized, refused.status)
			require.Equal(t, "close", refused.header.Get("Connection"))
		}
	}, withSecret(t))
}

func TestOnlyTheFloodingSourceIsRefusedUnread(t *testing.T) {
	withReceiver(t, func(t *testing.T, r *receiver) {
		signedFrom := func(address string) reply {
			sent := signed(t, time.Now())
			sent.RemoteAddr = address
			return r.send(t, sent)
		}
		for range source.FailureBurst {
			r.send(t, from("203.0.113.9:1"))
		}
		turnedAway := signedFrom("203.0.113.9:2")
		require.Equal(t, http.StatusTooManyRequests, turnedAway.status)
		require.Equal(t, "1", turnedAway.header.Get("Retry-After"))
		require.Equal(t, "close", turnedAway.header.Get("Connection"))

		require.Equal(t, http.StatusAccepted, signedFrom("203.0.113.10:1").status)
		require.Equal(t, http.StatusAccepted, signedFrom("[2001:db8::1]:1").status)
		<-time.After(time.Second)
		require.Equal(t, http.StatusAccepted, signedFrom("203.0.113.9:3").status)
	}, withSecret(t))
}

// Without --trusted-proxies, all webhooks behind a proxy have one address.
func TestValidSecretPassesDuringAFlood(t *testing.T) {
	withReceiver(t, func(t *testing.T, r *receiver) {
		for range 10 * source.FailureBurst {
			r.send(t, from("203.0.113.9:1"))
		}
		right := from("203.0.113.9:1")
		right.Header.Set("Authorization", "Bearer "+secret)
		require.Equal(t, http.StatusAccepted, r.send(t, right).status)
	}, withSecret(t))
}

func TestSignedBodyIsNotReadDuringAFlood(t *testing.T) {
	withReceiver(t, func(t *testing.T, r *receiver) {
		for range source.FailureBurst {
			r.send(t, from("203.0.113.9:1"))
		}
		unread := &countingReader{Reader: strings.NewReader("{}")}
		sent := httptest.NewRequest(http.MethodPost, "/webhooks/babelforce/call-inbound", unread)
		sent.RemoteAddr = "203.0.113.9:1"
		sent.Header.Set("webhook-signature", "v1,AAAA")
		require.Equal(t, http.StatusTooManyRequests, r.send(t, sent).status)
		require.Zero(t, unread.reads)

		right := signed(t, time.Now())
		right.RemoteAddr = "203.0.113.10:1"
		require.Equal(t, http.StatusAccepted, r.send(t, right).status)
	}, withSecret(t))
}

func TestBodyWithoutTheSecretIsNotRead(t *testing.T) {
	withReceiver(t, func(t *testing.T, r *receiver) {
		for _, credentials := range []string{"", "Bearer wrong"} {
			unread := &countingReader{Reader: strings.NewReader("{}")}
			sent := httptest.NewRequest(http.MethodPost, "/webhooks/babelforce/call-inbound", unread)
			sent.Header.Set("Authorization", credentials)
			refused := r.send(t, sent)
			require.Equal(t, http.StatusUnauthorized, refused.status)
			require.Equal(t, "close", refused.header.Get("Connection"))
			require.Zero(t, unread.reads)
		}
	}, withSecret(t))
}

func TestTooLargeSignedBodyIsAFailure(t *testing.T) {
	withReceiver(t, func(t *testing.T, r *receiver) {
		for i := range source.FailureBurst + 1 {
			sent := raw("POST", "/webhooks/babelforce/call-inbound", "application/json", strings.Repeat(" ", maxBody+1))
			sent.Header.Set("webhook-signature", "v1,AAAA")
			want := http.StatusRequestEntityTooLarge
			if i == source.FailureBurst {
				want = http.StatusTooManyRequests
			}
			require.Equal(t, want, r.send(t, sent).status)
		}
	}, withSecret(t))
}

func TestReadinessIsCached(t *testing.T) {
	withReceiver(t, func(t *testing.T, r *receiver) {
		for range 100 {
			require.Equal(t, http.StatusOK, r.send(t, raw("GET", "/readyz", "", "")).status)
		}
		require.Less(t, r.temporal.probes.Load(), int32(3), "once for the connection and once for all of them")
	})
}

type countingReader struct {
	io.Reader
	reads int
}

func (c *countingReader) Read(p []byte) (int, error) {
	c.reads++
	return c.Reader.Read(p)
}
