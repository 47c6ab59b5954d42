package calllog

import (
	"cmp"
	"context"
	"errors"
	"net/http"
	"strings"
	"sync"

	"golang.org/x/oauth2"
	"golang.org/x/oauth2/clientcredentials"
)

// managerClient is the client id of babelforce's password grant (auth OpenAPI).
const managerClient = "manager"

// Credentials are a user with manager rights and its password, the id and
// secret of a client, or a token. babelforce has no key that may only read
// (confirmed, auth OpenAPI: the only scope is "*").
type Credentials struct {
	User, Password string
	Token          string // used as it is where it is set; nothing renews it
}

func (c Credentials) complete() bool { return c.Token != "" || c.User != "" && c.Password != "" }

// Grant is how a token was got.
type Grant string

// The grants, in the order in which they are tried.
const (
	PasswordGrant    Grant = "password"
	ClientGrant      Grant = "client_credentials"
	StaticTokenGrant Grant = "token"
)

// tokens gets access tokens, and keeps one until it ends. A password token lives
// twelve hours (confirmed, HC/17572864895378). Refresh tokens can be used once,
// by one holder: they are dropped, and the password is sent again instead.
type tokens struct {
	credentials Credentials
	http        *http.Client
	url         string

	mu    sync.Mutex
	token *oauth2.Token
	grant Grant // that has worked
}

func newTokens(config Config, client *http.Client) *tokens {
	return &tokens{credentials: config.Credentials, http: client, url: strings.TrimRight(config.BaseURL, "/") + "/oauth/token"}
}

func (t *tokens) get(ctx context.Context) (string, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.credentials.Token != "" {
		t.grant = StaticTokenGrant
		return t.credentials.Token, nil
	}
	if !t.token.Valid() {
		token, err := t.fetch(context.WithValue(ctx, oauth2.HTTPClient, t.http))
		if err != nil {
			return "", refusedToken(ctx, err)
		}
		token.RefreshToken = ""
		t.token = token
	}
	return t.token.AccessToken, nil
}

// fetch tries the password grant, and then the client's where the account has no such grant.
func (t *tokens) fetch(ctx context.Context) (token *oauth2.Token, err error) {
	endpoint := oauth2.Endpoint{TokenURL: t.url, AuthStyle: oauth2.AuthStyleInParams}
	if t.grant != ClientGrant {
		password := oauth2.Config{ClientID: managerClient, Endpoint: endpoint}
		token, err = password.PasswordCredentialsToken(ctx, t.credentials.User, t.credentials.Password)
		if err == nil {
			t.grant = PasswordGrant
			return token, nil
		}
		if code := errorCode(err); code != "unsupported_grant_type" && code != "unauthorized_client" {
			return nil, err
		}
	}
	client := clientcredentials.Config{ClientID: t.credentials.User, ClientSecret: t.credentials.Password, TokenURL: t.url, AuthStyle: oauth2.AuthStyleInParams}
	if token, err = client.Token(ctx); err == nil {
		t.grant = ClientGrant
	}
	return token, err
}

// drop forgets a token that was refused, and reports whether another can be got.
func (t *tokens) drop(token string) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.credentials.Token != "" {
		return false
	}
	if t.token != nil && t.token.AccessToken == token {
		t.token = nil
	}
	return true
}

// errorCode is the OAuth error's code, "" where the answer was none.
func errorCode(err error) string {
	var refused *oauth2.RetrieveError
	if errors.As(err, &refused) {
		return refused.ErrorCode
	}
	return ""
}

// refusedToken leaves out the server's own words, which may repeat the credentials.
func refusedToken(ctx context.Context, err error) error {
	const path = "/oauth/token"
	var refused *oauth2.RetrieveError
	if !errors.As(err, &refused) {
		return unreached(ctx, path, err)
	}
	status := refused.Response.StatusCode
	if status == http.StatusTooManyRequests || status >= http.StatusInternalServerError {
		return &Error{Path: path, Kind: Unavailable, Status: status}
	}
	return &Error{
		Path: path, Kind: Unauthorized, Status: status,
		Detail: "babelforce refuses BABELFORCE_USER and BABELFORCE_PASSWORD (" + cmp.Or(knownCode(refused.ErrorCode), "no OAuth error") + ")",
	}
}

// knownCode is one of OAuth's own codes (RFC 6749, 5.2): any other text is the server's.
func knownCode(code string) string {
	switch code {
	case "invalid_request", "invalid_client", "invalid_grant", "unauthorized_client", "unsupported_grant_type", "invalid_scope":
		return code
	}
	return ""
}
