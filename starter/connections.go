package main

import (
	"net"
	"net/http"
	"net/netip"
	"sync"

	"github.com/callthread/callthread/internal/source"
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
	proxies source.Proxies

	sync.Mutex
	all int
	of  map[netip.Prefix]int
}

// watch is the server's ConnState hook. What is one too many is closed at once, unread.
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
