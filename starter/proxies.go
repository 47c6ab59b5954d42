package main

import (
	"fmt"

	"github.com/urfave/cli/v2"

	"github.com/callthread/callthread/internal/source"
)

// proxies says which proxies stand before a server.
type proxies struct{ networks string }

// Flags are the settings.
func (p *proxies) Flags() []cli.Flag {
	return []cli.Flag{
		&cli.StringFlag{
			Name: "trusted-proxies", EnvVars: []string{"CALLTHREAD_TRUSTED_PROXIES"},
			Usage: "`NETWORKS` of the proxies before this server, such as 10.0.0.0/8, separated by commas: their X-Forwarded-For says whom a limit is for", Destination: &p.networks,
		},
	}
}

// Parse reads the networks.
func (p *proxies) Parse() (source.Proxies, error) {
	trusted, err := source.ParseProxies(p.networks)
	if err != nil {
		return nil, fmt.Errorf("--trusted-proxies (CALLTHREAD_TRUSTED_PROXIES): %w", err)
	}
	return trusted, nil
}
