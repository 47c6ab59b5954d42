// Package source determines where HTTP requests come from, and limits how often one source may
// fail to authenticate. Behind trusted proxies it reads X-Forwarded-For. A source is an IPv4
// address or an IPv6 /64.
package source

import (
	"fmt"
	"net/http"
	"net/netip"
	"strings"
)

// Proxies are the networks of the trusted proxies, whose X-Forwarded-For is believed.
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

// Trust reports whether an address belongs to a trusted proxy.
func (p Proxies) Trust(address netip.Addr) bool {
	for _, network := range p {
		if network.Contains(address) {
			return true
		}
	}
	return false
}

// Of returns the source of a request: the last address that is not a trusted proxy. Each proxy
// appends the address of its client to X-Forwarded-For, so entries before the last untrusted
// address may be forged.
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

// Address reads an address with or without a port. The result is invalid if there is no address.
func Address(text string) netip.Addr {
	address, err := netip.ParseAddr(strings.Trim(text, "[]"))
	if err != nil {
		withPort, _ := netip.ParseAddrPort(text)
		address = withPort.Addr()
	}
	return address.Unmap().WithZone("")
}

// Of returns the source that an address belongs to: the IPv4 address itself, or the /64 of an
// IPv6 address, because one host may use all of it.
func Of(address netip.Addr) netip.Prefix {
	source, _ := address.Prefix(min(address.BitLen(), 64)) // fails for an invalid address, which has no bits
	return source
}
