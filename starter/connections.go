package main

import (
	"net"
	"net/http"
	"net/netip"
	"sync"

	"github.com/callthread/callthread/internal/source"
)

const (
	// maxConnections is far more than the webhooks of a call centre need. With full buffers these
	// connections take some hundred megabytes.
	maxConnections = 4000
	// maxPerSource is enough for a proxy that is not in --trusted-proxies, and leaves connections
	// for other sources.
	maxPerSource = maxConnections / 4
)

// connections limits the open connections of a server, in total and for each source. The limit for
// a source does not apply to trusted proxies, which forward the requests of many senders.
type connections struct {
	proxies source.Proxies

	sync.Mutex
	all int
	of  map[netip.Prefix]int
}

// watch is the server's ConnState hook. It closes a connection above a limit before anything is
// read from it.
func (c *connections) watch(connection net.Conn, state http.ConnState) {
	address := source.Address(connection.RemoteAddr().String())
	from := source.Of(address)
	c.Lock()
	defer c.Unlock()
	switch state {
	case http.StateNew:
		c.all++
		c.of[from]++
		if c.all > maxConnections || (c.of[from] > maxPerSource && !c.proxies.Trust(address)) {
			_ = connection.Close()
		}
	case http.StateClosed:
		c.all--
		if c.of[from]--; c.of[from] == 0 {
			delete(c.of, from)
		}
	}
}
