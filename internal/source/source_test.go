package source

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/stretchr/testify/require"
)

// from is a request from an address, with the X-Forwarded-For of the proxies it passed.
func from(address string, forwarded ...string) *http.Request {
	sent := httptest.NewRequest(http.MethodPost, "/", nil)
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
			from("203.0.113.9:443", "198.51.100.1"), // an untrusted sender may set any header
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
		"invalid Prefix": {from("@")}, // a Unix socket
	} {
		for _, r := range sent {
			require.Equal(t, want, proxies.Of(r).String(), "%s %q", r.RemoteAddr, r.Header["X-Forwarded-For"])
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
