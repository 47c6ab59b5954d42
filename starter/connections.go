package main

import (
	"net"
	"net/http"
	"net/netip"
	"sync"

	"github.com/callthread/callthread/starter/webhook"
)

const (
	// maxConnections at once are far more than a call centre's webhooks need,
	// and, with all that each may hold, some hundred megabytes.
	maxConnections = 4000
	// maxPerSource are enough for a proxy that was not named, and leave room for others.
	maxPerSource = maxConnections / 4
)

// connections limits how many a server has at once, in all and from one source.
// Proxies have as many as there are in all: others stand behind them.
type connections struct {
	proxies webhook.Proxies

	sync.Mutex
	all int
	of  map[netip.Prefix]int
}

// watch is the server's ConnState hook. What is one too many is closed at once, unread.
func (c *connections) watch(connection net.Conn, state http.ConnState) {
	address := webhook.Address(connection.RemoteAddr().String())
	source := webhook.Source(address)
	c.Lock()
	defer c.Unlock()
	switch state {
	case http.StateNew:
		c.all++
		c.of[source]++
		if c.all > maxConnections || (c.of[source] > maxPerSource && !c.proxies.Trust(address)) {
			_ = connection.Close()
		}
	case http.StateClosed:
		c.all--
		if c.of[source]--; c.of[source] == 0 {
			delete(c.of, source)
		}
	}
}
