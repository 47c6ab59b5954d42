package kustomer

import (
	"errors"
	"fmt"
	"net/url"
	"strings"
)

// Kustomer's hosts: an org's API at <org>.api.kustomerapp.com, which forwards to the
// org's region, and the agents' application at <org>.kustomerapp.com (developer site,
// Regions and base URLs).
const (
	appDomain = ".kustomerapp.com"
	apiDomain = ".api" + appDomain
	expected  = "expected https://<org>.api.kustomerapp.com, where agents sign in at <org>.kustomerapp.com"
)

// ConversationURL returns the address at which an agent opens the conversation in a
// browser. For <org>.api.kustomerapp.com it is the address that the agents' application
// shows (inferred from links in third-party code). For any other host, such as a sandbox
// or a proxy, it is <scheme>://<host>/#<conversation id>.
func (c *Client) ConversationURL(customerID, conversationID string) string {
	if org := orgOf(c.base.Hostname()); org != "" {
		return fmt.Sprintf("https://%s%s/app/customers/%s/event/%s", org, appDomain, url.PathEscape(customerID), url.PathEscape(conversationID))
	}
	return fmt.Sprintf("%s://%s/#%s", c.base.Scheme, c.base.Host, url.PathEscape(conversationID))
}

// orgOf returns the org of an API host, empty for any other host.
func orgOf(host string) string {
	org, isAPI := strings.CutSuffix(host, apiDomain)
	if !isAPI || strings.Contains(org, ".") {
		return ""
	}
	return org
}

// parseBaseURL does not quote the URL in its errors: the URL might contain a password.
func parseBaseURL(raw string) (*url.URL, error) {
	raw = strings.TrimSpace(raw)
	if raw == "" {
		return nil, errors.New("kustomer: no base URL; " + expected)
	}
	u, err := url.Parse(strings.TrimRight(raw, "/"))
	switch {
	case err != nil || (u.Scheme != "https" && u.Scheme != "http") || u.Hostname() == "":
		return nil, errors.New("kustomer: the base URL is not an http(s) URL; " + expected)
	case u.User != nil || u.RawQuery != "" || u.Fragment != "":
		return nil, errors.New("kustomer: the base URL must not carry a user, a query or a fragment")
	case strings.HasSuffix(u.Path, "/v1"):
		return nil, errors.New("kustomer: the base URL must not end in /v1; the client adds it")
	}
	u.Host = strings.ToLower(u.Host)
	if strings.HasSuffix("."+u.Hostname(), appDomain) {
		return u, checkKustomers(u)
	}
	return u, nil
}

// checkKustomers refuses a host of Kustomer that is not an org's API: the address of the
// agents' application cannot be derived from it.
func checkKustomers(u *url.URL) error {
	name := strings.TrimSuffix(u.Hostname(), appDomain)
	isOrgs := orgOf(u.Hostname()) != ""
	switch {
	case name == "api" || strings.HasPrefix(name, "api."):
		return errors.New("kustomer: the base URL belongs to a region, not to an org; " + expected)
	case !isOrgs && !strings.Contains(name, "."):
		return fmt.Errorf("kustomer: the base URL belongs to the agents' application; set it to https://%s%s", name, apiDomain)
	case !isOrgs:
		return errors.New("kustomer: the base URL does not belong to an org's API; " + expected)
	case u.Scheme != "https":
		return errors.New("kustomer: the base URL must begin with https://; over plain http, the API key could be read on the network")
	case u.Path != "":
		return errors.New("kustomer: the base URL must not have a path; " + expected)
	}
	return nil
}
