// Package calllog reads babelforce's call log, to compare it with the events that webhooks
// have reported. It is read-only.
//
// Facts about the API come from its OpenAPI (manager-sdk, manager.openapi.yaml, named
// "OpenAPI" below) and from two programs that use the API, which partly disagree. The
// client therefore tolerates deviations: it skips and counts a row that it cannot read,
// detects a filter that was not applied, and does not need optional fields to find the
// end of the log.
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

// DefaultURL is babelforce's API for all customers without a dedicated environment.
const DefaultURL = "https://services.babelforce.com"

const (
	// defaultPace is low because no limit is documented and nothing here is urgent.
	defaultPace = time.Second
	// PageSize is what other programs use. Whether a larger one works is unknown.
	PageSize = 100

	requestTimeout = 30 * time.Second
	maxAnswer      = 8 << 20

	retries  = 4
	minRetry = time.Second
	maxRetry = time.Minute // longest Retry-After that the client waits for; after that, the whole read fails and is repeated later
)

// Config configures a Client.
type Config struct {
	BaseURL     string // DefaultURL if empty
	Credentials Credentials
	TimeFilter  TimeFilter
	// Pace is the minimum time between two requests; one second if 0.
	Pace      time.Duration
	Transport http.RoundTripper // net/http's if nil
	UserAgent string            // "callthread" if empty
}

// Client reads one account's call log. It is safe for concurrent use.
type Client struct {
	http       *resty.Client
	tokens     *tokens
	timeFilter TimeFilter
}

// New checks the configuration and returns a client. It sends no request.
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
	// resty's own http.Client keeps cookies and follows redirects. A redirect would send the
	// token to a host that is not configured.
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

// get sends one request. If the token has expired, it sends the request again with a new one.
func (c *Client) get(ctx context.Context, path string, query url.Values) (*resty.Response, error) {
	return c.getFrom(ctx, path, path, query)
}

// getFrom is get with a path template for errors, which must not contain ids.
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

// isTemporary reports whether to send a request again. All requests are reads, so this is always safe.
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

// retryAfter makes resty wait as long as babelforce asks. With 0, resty decides.
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

// ServerTime returns the time of babelforce's clock, to the second, from the Date header.
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

// Retention returns how long babelforce keeps calls, or 0 if it does not report it (OpenAPI,
// retention periods, in days).
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

// Call reads one leg. If the log does not contain it, Call returns an Error of kind NotFound.
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

// silent keeps resty from logging URLs, which contain ids.
type silent struct{}

func (silent) Errorf(string, ...any) {}
func (silent) Warnf(string, ...any)  {}
func (silent) Debugf(string, ...any) {}
