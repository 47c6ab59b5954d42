// Package kustomer is a client for the part of Kustomer's REST API that recording
// telephone calls needs: customers, conversations, messages, tags, notes, users,
// teams, attribute definitions and the roles of the API key.
//
// The client never retries. The caller decides whether a request may be repeated,
// from the Kind of the *Error that every method returns and from [Error.Ambiguous].
// Kustomer has no idempotency key.
//
// The client stays within a share of the organisation's request budget and sends
// requests in the order of [Urgency]. The remaining budget that Kustomer reports
// overrides the client's own count, so that independent clients stay within the
// budget together. While Kustomer accepts no requests, methods fail at once without
// sending, and Error.RetryAt is the time to try again.
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

	// A page of 100 full customers stays well below this; a larger answer is not Kustomer's.
	maxAnswerBytes = 4 << 20
	// All requests go to one host, for which net/http keeps two idle connections by default.
	// 100 is its limit for all hosts together.
	idleConns = 100
)

// Config configures a Client.
type Config struct {
	// BaseURL is https://<org>.api.kustomerapp.com, without /v1 (developer site,
	// Regions and base URLs). Any other host is taken for a sandbox or a proxy, and
	// may use plain http.
	BaseURL string
	// APIKey is the bearer token (developer site, Authentication). It is sent to BaseURL only.
	// SetAPIKey replaces it.
	APIKey string
	// UserAgent defaults to "callthread".
	UserAgent string
	// Timeout limits one request including the reading of its answer, but not the
	// wait under RequestsPerMinute. Default 10 s.
	Timeout time.Duration
	// RequestsPerMinute is this client's share of the organisation's limit (developer
	// site, Rate limits), and the most that it sends. The rest of the limit, known
	// from x-ratelimit-limit, is left to other systems by all clients together, apart
	// from requests already under way. 0 means no rate of our own and nothing left
	// for others.
	RequestsPerMinute int
	// Transport defaults to net/http's with more idle connections. With a transport
	// that does not report to net/http/httptrace, every failed write is ambiguous.
	Transport http.RoundTripper
	// Shadow makes the client read and never write. Writes are withheld and answered by
	// the [Shadow] of the context; without a Shadow they fail.
	Shadow bool
	// Observe, if set, is called once for every request sent, on the goroutine that
	// sent it and with the context of the request.
	Observe func(context.Context, Exchange)
}

// Exchange describes one request that was sent, without personal data.
type Exchange struct {
	Op                 string        // as in Error.Op
	Method             string        // HTTP method
	Route              string        // path template, never the path itself
	Status             int           // HTTP status, 0 if no answer came
	Duration           time.Duration // until the answer was read or the request failed
	Wait               time.Duration // the wait that the answer asks for, 0 if it has none
	RateLimit          int           // x-ratelimit-limit, -1 if absent
	RateLimitRemaining int           // x-ratelimit-remaining, -1 if absent
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

// New checks the configuration and returns a client. It sends no request.
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

// SetAPIKey replaces the key from the next request on, including requests that wait
// under RequestsPerMinute. It ends the pause after a refused key. It returns an error
// and keeps the old key if no HTTP header can carry the new one.
func (c *Client) SetAPIKey(key string) error {
	if err := checkKey(key); err != nil {
		return err
	}
	c.key.Store(&key)
	c.budget.keyReplaced()
	return nil
}

// WaitsUntil returns the end of a wait that Kustomer asked for, if the wait exceeds one
// minute. It returns the zero time if there is none, or if a request has since been
// answered with another status than 429. During the wait, one request a minute is sent.
func (c *Client) WaitsUntil() time.Time { return c.budget.waitsUntil() }

func checkKey(key string) error {
	if key == "" {
		return errors.New("kustomer: no API key")
	}
	// net/http would refuse such a header on every request without naming the reason.
	if strings.ContainsFunc(key, func(r rune) bool { return r <= ' ' || r > '~' }) {
		return errors.New("kustomer: the API key contains a space, a line break or another character that no key contains")
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
	// resty's own http.Client keeps cookies and follows redirects. A redirect would send
	// the key and the write to a host that is not configured.
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
	if !ok { // the program has replaced it on purpose
		return http.DefaultTransport
	}
	own := shared.Clone()
	own.MaxIdleConnsPerHost = idleConns
	return own
}

// silent keeps resty from logging URLs, which contain telephone numbers.
type silent struct{}

func (silent) Errorf(string, ...any) {}
func (silent) Warnf(string, ...any)  {}
func (silent) Debugf(string, ...any) {}
