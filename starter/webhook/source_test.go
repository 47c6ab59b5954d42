package webhook

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// from is an event that comes from an address, by way of proxies that said where they had it from.
func from(address string, forwarded ...string) *http.Request {
	sent := request("call-inbound")
	sent.RemoteAddr = address
	for _, said := range forwarded {
		sent.Header.Add("X-Forwarded-For", said)
	}
	return sent
}

func TestSourceIsTheLastStrangerBeforeOurProxies(t *testing.T) {
	proxies, err := ParseProxies("10.0.0.0/8, 192.0.2.7, fd00::/8")
	require.NoError(t, err)
	for want, sent := range map[string][]*http.Request{
		"203.0.113.9/32": {
			from("203.0.113.9:443"),
			from("203.0.113.9:443", "198.51.100.1"), // whom we do not trust may say anything
			from("10.1.2.3:443", "203.0.113.9"),
			from("192.0.2.7:443", "198.51.100.1, 203.0.113.9, 10.9.9.9"),
			from("[fd00::1]:443", "198.51.100.1", "203.0.113.9"), // in two headers
			from("10.1.2.3:443", "203.0.113.9:51234"),            // with a port
			from("[::ffff:10.1.2.3]:443", "::ffff:203.0.113.9"),  // IPv4 in IPv6
			from("10.1.2.3:443", "10.1.1.1,203.0.113.9,"+"10.2.2.2"),
		},
		"2001:db8:1:2::/64": {
			from("[2001:db8:1:2:3:4:5:6]:443"),
			from("[2001:db8:1:2::1]:443", "203.0.113.9"),
			from("10.1.2.3:443", "2001:db8:1:2::99"),
			from("10.1.2.3:443", "[2001:db8:1:2::99]:443"),
			from("10.1.2.3:443", "[2001:db8:1:2::99]"),
		},
		"10.1.2.3/32": {
			from("10.1.2.3:443"),
			from("10.1.2.3:443", ""),
			from("10.1.2.3:443", "203.0.113.9, unknown"),
			from("10.1.2.3:443", "203.0.113.9, "),
		},
		"invalid Prefix": {from("@")}, // a socket of this machine
	} {
		for _, r := range sent {
			require.Equal(t, want, proxies.source(r).String(), "%s %q", r.RemoteAddr, r.Header["X-Forwarded-For"])
		}
	}
}

func TestProxiesAreAddressesAndNetworks(t *testing.T) {
	for _, list := range []string{"", " ", ",", "10.0.0.7", "10.0.0.7/8 ,fd00::1", "::ffff:10.0.0.7"} {
		_, err := ParseProxies(list)
		require.NoError(t, err, list)
	}
	for _, list := range []string{"10.0.0.0/33", "proxy", "10.0.0.7:80", "10.0.0.0/8;fd00::/8", "::ffff:10.0.0.0/104", "fe80::%eth0/64"} {
		_, err := ParseProxies(list)
		require.ErrorContains(t, err, "10.0.0.0/8", list)
	}
}

func TestFloodOfOneSourceIsTurnedAwayAndNobodyElse(t *testing.T) {
	withReceiver(t, func(t *testing.T, r *receiver) {
		for range failureBurst {
			require.Equal(t, http.StatusUnauthorized, r.send(t, from("203.0.113.9:1")).status)
		}
		turnedAway := r.send(t, from("203.0.113.9:2"))
		require.Equal(t, http.StatusTooManyRequests, turnedAway.status)
		require.Equal(t, "1", turnedAway.header.Get("Retry-After"))
		require.Equal(t, "close", turnedAway.header.Get("Connection"))

		require.Equal(t, http.StatusUnauthorized, r.send(t, from("203.0.113.10:1")).status)
		require.Equal(t, http.StatusUnauthorized, r.send(t, from("[2001:db8::1]:1")).status)
		<-time.After(time.Second)
		require.Equal(t, http.StatusUnauthorized, r.send(t, from("203.0.113.9:3")).status)
		require.Equal(t, http.StatusTooManyRequests, r.send(t, from("203.0.113.9:4")).status)
	}, withSecret(t))
}

// Before a receiver that was not told of its proxy, all come from one address.
func TestFloodDoesNotShutOutWhoShowsTheSecretFromTheSameAddress(t *testing.T) {
	withReceiver(t, func(t *testing.T, r *receiver) {
		for range 10 * failureBurst {
			r.send(t, from("203.0.113.9:1"))
		}
		right := from("203.0.113.9:1")
		right.Header.Set("Authorization", "Bearer "+secret)
		require.Equal(t, http.StatusAccepted, r.send(t, right).status)
	}, withSecret(t))
}

func TestSignedWebhookOfAFloodedSourceIsNotRead(t *testing.T) {
	withReceiver(t, func(t *testing.T, r *receiver) {
		for range failureBurst {
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

func TestBodyOfWhoDoesNotKnowTheSecretIsNotRead(t *testing.T) {
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

func TestSignedBodyThatIsTooLargeCountsAsAFailure(t *testing.T) {
	withReceiver(t, func(t *testing.T, r *receiver) {
		for i := range failureBurst + 1 {
			sent := raw("POST", "/webhooks/babelforce/call-inbound", "application/json", strings.Repeat(" ", maxBody+1))
			sent.Header.Set("webhook-signature", "v1,AAAA")
			want := http.StatusRequestEntityTooLarge
			if i == failureBurst {
				want = http.StatusTooManyRequests
			}
			require.Equal(t, want, r.send(t, sent).status)
		}
	}, withSecret(t))
}

func TestFloodFromEverywhereFillsNeitherMemoryNorLog(t *testing.T) {
	withReceiver(t, func(t *testing.T, r *receiver) {
		for i := range 2 * maxSources {
			recorder := httptest.NewRecorder()
			r.ServeHTTP(recorder, from(fmt.Sprintf("[2001:db8:%x:%x::1]:1", i>>16, i&0xffff)))
			require.Equal(t, http.StatusUnauthorized, recorder.Code)
		}
		require.Equal(t, maxSources, r.failures.left.Len())
		require.Equal(t, failureBurst, strings.Count(r.logs.String(), "\n"))
		require.NotContains(t, r.logs.String(), "2001:db8")
	}, withSecret(t))
}

func TestTemporalIsNotAskedForEachWhoAsksForReadiness(t *testing.T) {
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
