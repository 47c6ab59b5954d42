// Package calllog reads babelforce's own log of calls, to compare it with what
// its webhooks have reported. It only reads.
//
// What is known about the API comes from its OpenAPI (manager-sdk,
// manager.openapi.yaml, named "OpenAPI" below) and from two programs that read it
// in practice, which disagree in places. So the client trusts as little as it
// can: a row that cannot be read is skipped and counted, a filter that was not
// applied is noticed, and the end of the log does not depend on optional fields.
package calllog

import (
	"cmp"
	"context"
	"errors"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/go-resty/resty/v2"
	"golang.org/x/time/rate"
)

// DefaultURL is babelforce's API for all customers without an environment of their own.
const DefaultURL = "https://services.babelforce.com"

const (
	// defaultPace: no limit is documented, and nothing here is urgent.
	defaultPace = time.Second
	// PageSize is what other programs have used; a larger one is not known to work.
	PageSize = 100

	requestTimeout = 30 * time.Second
	maxAnswer      = 8 << 20

	retries  = 4
	minRetry = time.Second
	maxRetry = time.Minute // babelforce's Retry-After is obeyed up to this; then the whole reading is tried again later
)

// Config says where the log is and how to be let in.
type Config struct {
	BaseURL     string // DefaultURL where it is empty
	Credentials Credentials
	TimeFilter  TimeFilter
	// Pace is the least time between two requests; one second where it is 0.
	Pace      time.Duration
	Transport http.RoundTripper // nil is net/http's
	UserAgent string            // "callthread" where it is empty
}

// Client reads one account's log. It is safe for concurrent use.
type Client struct {
	http       *resty.Client
	tokens     *tokens
	timeFilter TimeFilter
}

// New checks the configuration. It sends nothing.
func New(config Config) (*Client, error) {
	if config.BaseURL == "" {
		config.BaseURL = DefaultURL
	}
	if base, err := url.Parse(config.BaseURL); err != nil || base.Host == "" || (base.Scheme != "https" && base.Scheme != "http") {
		return nil, errors.New("babelforce's address must be a URL such as " + DefaultURL)
	}
	if !config.Credentials.complete() {
		return nil, errors.New("babelforce's API needs a user and a password, or a token")
	}
	if config.TimeFilter == "" {
		config.TimeFilter = TimeFilters[0]
	}
	if config.Pace == 0 {
		config.Pace = defaultPace
	}
	c := &Client{timeFilter: config.TimeFilter}
	pace := rate.NewLimiter(rate.Every(config.Pace), 1)
	// A client of our own: resty's keeps cookies and follows redirects, which would
	// take the token somewhere that nobody configured.
	client := &http.Client{
		Transport: config.Transport, Timeout: requestTimeout,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	c.http = resty.NewWithClient(client).
		SetBaseURL(config.BaseURL).SetResponseBodyLimit(maxAnswer).SetDisableWarn(true).SetLogger(silent{}).
		SetHeader("Accept", "application/json").SetHeader("User-Agent", cmp.Or(config.UserAgent, "callthread")).
		SetRetryCount(retries).SetRetryWaitTime(max(minRetry, config.Pace)).SetRetryMaxWaitTime(maxRetry).
		SetRetryAfter(retryAfter).AddRetryCondition(isTemporary).
		OnBeforeRequest(func(_ *resty.Client, r *resty.Request) error { return pace.Wait(r.Context()) })
	c.tokens = newTokens(config, client)
	return c, nil
}

// get sends one request, once more with a new token where the one in use has ended.
func (c *Client) get(ctx context.Context, path string, query url.Values) (*resty.Response, error) {
	return c.getFrom(ctx, path, path, query)
}

// getFrom names a template in errors, which must not hold ids.
func (c *Client) getFrom(ctx context.Context, template, path string, query url.Values) (*resty.Response, error) {
	for attempt := 1; ; attempt++ {
		token, err := c.tokens.get(ctx)
		if err != nil {
			return nil, err
		}
		response, err := c.http.R().SetContext(ctx).SetAuthToken(token).SetQueryParamsFromValues(query).Get(path)
		if err != nil {
			return nil, unreached(ctx, template, err)
		}
		if response.StatusCode() == http.StatusUnauthorized && attempt == 1 && c.tokens.drop(token) {
			continue
		}
		if response.StatusCode() != http.StatusOK {
			return nil, refusal(template, response)
		}
		return response, nil
	}
}

// isTemporary: only reads are sent, so that any of them may be sent again.
func isTemporary(response *resty.Response, err error) bool {
	if err != nil {
		return !errors.Is(err, resty.ErrResponseBodyTooLarge)
	}
	switch response.StatusCode() {
	case http.StatusTooManyRequests, http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
		return wait(response) <= maxRetry
	}
	return false
}

// retryAfter has resty wait as long as babelforce asks; 0 leaves it to resty.
func retryAfter(_ *resty.Client, response *resty.Response) (time.Duration, error) {
	return wait(response), nil
}

func wait(response *resty.Response) time.Duration {
	seconds, err := strconv.Atoi(response.Header().Get("Retry-After"))
	if err != nil || seconds < 0 {
		return 0
	}
	return time.Duration(seconds) * time.Second
}

// ServerTime is babelforce's clock, to the second, as the Date header gives it.
func (c *Client) ServerTime(ctx context.Context) (time.Time, error) {
	const path = "/api/v2/data/time" // OpenAPI; the shape of its body is not documented
	response, err := c.get(ctx, path, nil)
	if err != nil {
		return time.Time{}, err
	}
	at, err := http.ParseTime(response.Header().Get("Date"))
	if err != nil {
		return time.Time{}, &Error{Path: path, Kind: NotUnderstood, Detail: "the answer has no Date"}
	}
	return at.UTC(), nil
}

// Retention is how long babelforce keeps calls; 0 where it does not say (OpenAPI, retention periods, days).
func (c *Client) Retention(ctx context.Context) (time.Duration, error) {
	const path = "/api/v2/settings/retention/periods"
	response, err := c.get(ctx, path, nil)
	if err != nil {
		return 0, err
	}
	periods, err := fields(response.Body())
	if err != nil {
		return 0, &Error{Path: path, Kind: NotUnderstood, Detail: err.Error()}
	}
	for _, name := range []string{"calls", "defaultPeriod"} {
		if days, err := strconv.ParseFloat(periods[name], 64); err == nil && days > 0 {
			return time.Duration(days * 24 * float64(time.Hour)), nil
		}
	}
	return 0, nil
}

// Call reads one leg. A leg that the log does not hold is an Error of kind NotFound.
func (c *Client) Call(ctx context.Context, id string) (Row, error) {
	const path = "/api/v2/calls/{id}"
	response, err := c.getFrom(ctx, path, "/api/v2/calls/"+url.PathEscape(id), nil)
	if err != nil {
		return Row{}, err
	}
	row, err := decodeRow(unwrap(response.Body()))
	if err != nil {
		return Row{}, &Error{Path: path, Kind: NotUnderstood, Detail: err.Error()}
	}
	return row, nil
}

// silent keeps resty from logging addresses, which hold ids.
type silent struct{}

func (silent) Errorf(string, ...any) {}
func (silent) Warnf(string, ...any)  {}
func (silent) Debugf(string, ...any) {}
