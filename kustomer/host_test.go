package kustomer

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestConversationURLIsTheAgentsPage(t *testing.T) {
	const acme = "https://acme.kustomerapp.com/app/customers/cu/event/co"
	for base, want := range map[string]string{
		"https://acme.api.kustomerapp.com":           acme,
		"https://acme.api.kustomerapp.com/":          acme,
		" https://acme.api.kustomerapp.com//\n":      acme,
		"HTTPS://ACME.API.KustomerApp.com":           acme,
		"https://acme.api.kustomerapp.com:443":       acme,
		"http://localhost:8081":                      "http://localhost:8081/#co",
		"https://acme.api.kustomerapp.com.proxy.org": "https://acme.api.kustomerapp.com.proxy.org/#co",
		"https://notkustomerapp.com":                 "https://notkustomerapp.com/#co",
	} {
		c, err := New(Config{BaseURL: base, APIKey: "k"})
		require.NoError(t, err, base)
		require.Equal(t, want, c.ConversationURL("cu", "co"))
	}
}

func TestKustomersOtherHostsAreRefused(t *testing.T) {
	const region, noOrg = "belongs to a region, not to an org; " + expected, "does not belong to an org's API; " + expected
	for base, text := range map[string]string{
		"https://api.kustomerapp.com":                           region,
		"https://api.prod2.kustomerapp.com":                     region,
		"https://API.prod4.kustomerapp.com/":                    region,
		"https://acme.kustomerapp.com":                          "belongs to the agents' application; set it to https://acme.api.kustomerapp.com",
		"http://Acme.kustomerapp.com/app/customers/5f/event/5f": "belongs to the agents' application; set it to https://acme.api.kustomerapp.com",
		"https://kustomerapp.com":                               noOrg,
		"https://.api.kustomerapp.com":                          noOrg,
		"https://acme.prod2.kustomerapp.com":                    noOrg,
		"https://acme.eu.api.kustomerapp.com":                   noOrg,
		"http://acme.api.kustomerapp.com":                       "must begin with https://",
		"https://acme.api.kustomerapp.com/app/conversations":    "must not have a path",
		"https://api.prod2.kustomerapp.com/v1/":                 "must not end in /v1",
	} {
		_, err := New(Config{BaseURL: base, APIKey: "k"})
		require.ErrorContains(t, err, text, base)
	}
}
