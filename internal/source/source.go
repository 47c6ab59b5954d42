// Package source says where HTTP requests come from, and limits how often one
// source may fail to authenticate.
package source

import (
	"fmt"
	"net/http"
	"net/netip"
	"strings"
)

// Proxies are the networks whose word on where a request came from is taken.
type Proxies []netip.Prefix

// ParseProxies reads addresses and networks in CIDR notation, separated by commas.
func ParseProxies(list string) (proxies Proxies, err error) {
	for entry := range strings.SplitSeq(list, ",") {
		entry = strings.TrimSpace(entry)
		if entry == "" {
			continue
		}
		network, err := netip.ParsePrefix(entry)
		if address, notOne := netip.ParseAddr(entry); notOne == nil && address.Zone() == "" {
			network, err = netip.PrefixFrom(address.Unmap(), address.Unmap().BitLen()), nil
		}
		if err != nil || network.Addr().Is4In6() {
			return nil, fmt.Errorf("%q is neither an address, such as 10.0.0.7, nor a network, such as 10.0.0.0/8 or fd00::/8", entry)
		}
		proxies = append(proxies, network.Masked())
	}
	return proxies, nil
}

// Trust reports whether an address is one of theirs.
func (p Proxies) Trust(address netip.Addr) bool {
	for _, network := range p {
		if network.Contains(address) {
			return true
		}
	}
	return false
}

// Of is where a request came from: the last address that is no proxy of
// ours. Each proxy adds to X-Forwarded-For, at its end, whom it was asked by, so
// what stands before the last stranger is the stranger's own word.
func (p Proxies) Of(r *http.Request) netip.Prefix {
	address := Address(r.RemoteAddr)
	hops := strings.Split(strings.Join(r.Header.Values("X-Forwarded-For"), ","), ",")
	for i := len(hops) - 1; i >= 0 && p.Trust(address); i-- {
		hop := Address(strings.TrimSpace(hops[i]))
		if !hop.IsValid() {
			break
		}
		address = hop
	}
	return Of(address)
}

// Address reads an address with or without a port. It is invalid where there is none.
func Address(text string) netip.Addr {
	address, err := netip.ParseAddr(strings.Trim(text, "[]"))
	if err != nil {
		withPort, _ := netip.ParseAddrPort(text)
		address = withPort.Addr()
	}
	return address.Unmap().WithZone("")
}

// Of is what counts as one source: an IPv4 address, or the /64 of an IPv6
// address, all of which one host may have.
func Of(address netip.Addr) netip.Prefix {
	source, _ := address.Prefix(min(address.BitLen(), 64)) // fails for an invalid one, which has no bits
	return source
}
