package main

import (
	"fmt"

	"github.com/urfave/cli/v2"

	"github.com/callthread/callthread/internal/source"
)

// proxies is the setting for trusted proxies before a server.
type proxies struct{ networks string }

// Flags returns the flag --trusted-proxies.
func (p *proxies) Flags() []cli.Flag {
	return []cli.Flag{
		&cli.StringFlag{
			Name: "trusted-proxies", EnvVars: []string{"CALLTHREAD_TRUSTED_PROXIES"},
			Usage: "`NETWORKS` of the proxies before this server, such as 10.0.0.0/8, separated by commas: limits apply to the sender in their X-Forwarded-For", Destination: &p.networks,
		},
	}
}

// Parse parses the networks. An empty setting trusts no proxy.
func (p *proxies) Parse() (source.Proxies, error) {
	trusted, err := source.ParseProxies(p.networks)
	if err != nil {
		return nil, fmt.Errorf("--trusted-proxies (CALLTHREAD_TRUSTED_PROXIES): %w", err)
	}
	return trusted, nil
}
