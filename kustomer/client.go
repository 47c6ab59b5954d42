// Package kustomer is a client of the parts of Kustomer's REST API that
// recording a telephone call needs: customers, conversations, messages, tags,
// notes, users, teams, attribute definitions and the key's own roles.
//
// It never repeats a request. Whether one may be repeated is for the caller to
// decide, from the Kind of the *Error that every method returns and from
// [Error.Ambiguous]; Kustomer knows no idempotency key.
//
// It keeps within a share of the organisation's request budget, in the order of
// [Urgency], and believes what Kustomer's answers say is left over its own
// count, so that clients which know nothing of each other keep within it
// together. While Kustomer wants nothing more, requests fail at once and unsent,
// with the time to try again in Error.RetryAt.
package kustomer

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"sync/atomic"
	"time"

	"github.com/go-resty/resty/v2"
)

const (
	defaultTimeout   = 10 * time.Second
	defaultUserAgent = "callthread"

	// A page of 100 full customers stays well under this; anything larger is not from Kustomer.
	maxAnswerBytes = 4 << 20
	// All requests go to one host, where net/http keeps two idle connections unless told otherwise.
	// This is as many as it keeps altogether.
	idleConns = 100
)

// Config says where Kustomer is and how to behave towards it.
type Config struct {
	// BaseURL is https://<org>.api.kustomerapp.com, without /v1 (developer site,
	// Regions and base URLs). Any other host is taken for a sandbox or a proxy, and
	// may be reached by plain http.
	BaseURL string
	// APIKey is the bearer token (developer site, Authentication). It is sent to BaseURL only.
	// SetAPIKey replaces it.
	APIKey string
	// UserAgent defaults to "callthread".
	UserAgent string
	// Timeout bounds one request with the reading of its answer, but not the
	// wait for its turn under RequestsPerMinute. Default 10 s.
	Timeout time.Duration
	// RequestsPerMinute is our share of the limit that the whole organisation
	// has (developer site, Rate limits). This client sends no more than that; and
	// what the limit has beyond it, as told by x-ratelimit-limit, is left to
	// others by all clients together, give or take what is under way at once.
	// 0 = no pace of our own, and nothing left for others.
	RequestsPerMinute int
	// Transport defaults to net/http's with more idle connections. One that
	// does not report to net/http/httptrace makes every failed write ambiguous.
	Transport http.RoundTripper
	// Shadow has the client read and never write. Writes are withheld, and answered by the
	// [Shadow] of the context; without one they fail.
	Shadow bool
	// Observe, when set, is called once for every request sent, on the
	// goroutine that sent it and with the context it was asked for with.
	Observe func(context.Context, Exchange)
}

// Exchange describes one request that was sent, without personal data.
type Exchange struct {
	Op                 string        // as in Error.Op
	Method             string        // HTTP method
	Route              string        // path template, never the path itself
	Status             int           // HTTP status, 0 when no answer came
	Duration           time.Duration // until the answer was read or given up
	Wait               time.Duration // how long the answer asks to be left alone, 0 when it does not
	RateLimit          int           // x-ratelimit-limit, -1 when not told
	RateLimitRemaining int           // x-ratelimit-remaining, -1 when not told
}

// Client talks to one Kustomer organisation. It is safe for concurrent use.
type Client struct {
	base    *url.URL
	http    *resty.Client
	key     atomic.Pointer[string]
	timeout time.Duration
	budget  *budget
	shadow  bool
	observe func(context.Context, Exchange)
}

// New checks the configuration and returns a client; it sends nothing.
func New(cfg Config) (*Client, error) {
	base, err := parseBaseURL(cfg.BaseURL)
	if err != nil {
		return nil, err
	}
	if err := checkKey(cfg.APIKey); err != nil {
		return nil, err
	}
	if cfg.RequestsPerMinute < 0 || cfg.Timeout < 0 {
		return nil, errors.New("kustomer: RequestsPerMinute and Timeout must not be negative")
	}
	c := &Client{
		base: base, http: newHTTP(cfg, base), timeout: cfg.Timeout,
		budget: newBudget(cfg.RequestsPerMinute), shadow: cfg.Shadow, observe: cfg.Observe,
	}
	c.key.Store(&cfg.APIKey)
	if c.timeout == 0 {
		c.timeout = defaultTimeout
	}
	if c.observe == nil {
		c.observe = func(context.Context, Exchange) {}
	}
	return c, nil
}

// SetAPIKey replaces the key from the next request on, also for requests that
// wait for their turn, and sends again at once if Kustomer has just refused the
// one before. A key that no request could carry is an error, and changes nothing.
func (c *Client) SetAPIKey(key string) error {
	if err := checkKey(key); err != nil {
		return err
	}
	c.key.Store(&key)
	c.budget.keyReplaced()
	return nil
}

// WaitsUntil is until when Kustomer has asked not to be sent anything, if that is
// more than a minute ahead of when it said so; zero if it has not, or if a request
// has been answered otherwise since. One request a minute goes out meanwhile.
func (c *Client) WaitsUntil() time.Time { return c.budget.waitsUntil() }

func checkKey(key string) error {
	if key == "" {
		return errors.New("kustomer: no API key")
	}
	// net/http would refuse such a header on every request, with no hint why.
	if strings.ContainsFunc(key, func(r rune) bool { return r <= ' ' || r > '~' }) {
		return errors.New("kustomer: the API key contains a space, a line break or another character no key has")
	}
	return nil
}

func newHTTP(cfg Config, base *url.URL) *resty.Client {
	transport := cfg.Transport
	if transport == nil {
		transport = defaultTransport()
	}
	if cfg.Shadow {
		transport = readOnly{transport}
	}
	userAgent := cfg.UserAgent
	if userAgent == "" {
		userAgent = defaultUserAgent
	}
	// A hand-made http.Client: resty's own keeps cookies and follows redirects,
	// and a redirect would take the key and the write somewhere nobody configured.
	return resty.NewWithClient(&http.Client{
		Transport:     transport,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}).
		SetBaseURL(base.String()).
		SetHeader("User-Agent", userAgent).
		SetHeader("Accept", "application/json").
		SetResponseBodyLimit(maxAnswerBytes).
		SetRetryCount(0).
		SetDisableWarn(true).
		SetLogger(silent{})
}

func defaultTransport() http.RoundTripper {
	shared, ok := http.DefaultTransport.(*http.Transport)
	if !ok { // a program may have replaced it, and then knows why
		return http.DefaultTransport
	}
	own := shared.Clone()
	own.MaxIdleConnsPerHost = idleConns
	return own
}

// silent keeps resty from logging URLs, which hold telephone numbers.
type silent struct{}

func (silent) Errorf(string, ...any) {}
func (silent) Warnf(string, ...any)  {}
func (silent) Debugf(string, ...any) {}
