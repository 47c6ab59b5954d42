package kustomer

import (
	"errors"
	"fmt"
	"net/url"
	"strings"
)

// Where Kustomer is: an org's API at <org>.api.kustomerapp.com, which leads to the region
// that the org is in, and the agents' application at <org>.kustomerapp.com (developer
// site, Regions and base URLs).
const (
	appDomain = ".kustomerapp.com"
	apiDomain = ".api" + appDomain
	expected  = "expected https://<org>.api.kustomerapp.com, where agents sign in at <org>.kustomerapp.com"
)

// ConversationURL is where an agent opens the conversation in a browser. For
// <org>.api.kustomerapp.com it is the address the agents' application shows
// (inferred from links in third-party code); for any other host, such as a
// sandbox or a proxy, <scheme>://<host>/#<conversation id>.
func (c *Client) ConversationURL(customerID, conversationID string) string {
	if org := orgOf(c.base.Hostname()); org != "" {
		return fmt.Sprintf("https://%s%s/app/customers/%s/event/%s", org, appDomain, url.PathEscape(customerID), url.PathEscape(conversationID))
	}
	return fmt.Sprintf("%s://%s/#%s", c.base.Scheme, c.base.Host, url.PathEscape(conversationID))
}

// orgOf is the org whose API a host is, empty if it is not the API of one.
func orgOf(host string) string {
	org, isAPI := strings.CutSuffix(host, apiDomain)
	if !isAPI || strings.Contains(org, ".") {
		return ""
	}
	return org
}

// parseBaseURL does not quote the URL in its errors: it might carry a password.
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

// checkKustomers refuses an address of Kustomer's that is not an org's API: of others it
// is not known where the org's agents open a conversation.
func checkKustomers(u *url.URL) error {
	name := strings.TrimSuffix(u.Hostname(), appDomain)
	isOrgs := orgOf(u.Hostname()) != ""
	switch {
	case name == "api" || strings.HasPrefix(name, "api."):
		return errors.New("kustomer: the base URL is that of a region, which does not say whose conversations they are; " + expected)
	case !isOrgs && !strings.Contains(name, "."):
		return fmt.Errorf("kustomer: the base URL is that of the agents' application; set it to https://%s%s", name, apiDomain)
	case !isOrgs:
		return errors.New("kustomer: the base URL is not that of an org's API; " + expected)
	case u.Scheme != "https":
		return errors.New("kustomer: the base URL must begin with https://, or anyone on the way could read the API key")
	case u.Path != "":
		return errors.New("kustomer: the base URL must not have a path; " + expected)
	}
	return nil
}
