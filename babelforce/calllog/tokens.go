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

// Credentials are a user with manager rights and its password, the id and secret of an
// OAuth client, or a token. babelforce has no read-only credentials (confirmed, auth
// OpenAPI: the only scope is "*").
type Credentials struct {
	User, Password string
	Token          string // used unchanged if set; the client does not renew it
}

func (c Credentials) complete() bool { return c.Token != "" || c.User != "" && c.Password != "" }

// Grant is the OAuth grant by which a token was obtained.
type Grant string

// The grants, in the order in which they are tried.
const (
	PasswordGrant    Grant = "password"
	ClientGrant      Grant = "client_credentials"
	StaticTokenGrant Grant = "token"
)

// tokens obtains access tokens and keeps one until it expires. A password token is valid
// for twelve hours (confirmed, HC/17572864895378). A refresh token can be used only once,
// by one client, so it is discarded, and the password is sent again instead.
type tokens struct {
	credentials Credentials
	http        *http.Client
	url         string

	mu    sync.Mutex
	token *oauth2.Token
	grant Grant // the last one that succeeded
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

// fetch tries the password grant, and the client credentials grant if the account does not allow it.
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

// drop discards a refused token and reports whether another can be obtained.
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

// errorCode returns the code of an OAuth error, "" if the answer is not an OAuth error.
func errorCode(err error) string {
	var refused *oauth2.RetrieveError
	if errors.As(err, &refused) {
		return refused.ErrorCode
	}
	return ""
}

// refusedToken omits the server's text, which may repeat the credentials.
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

// knownCode returns code if it is one of OAuth's codes (RFC 6749, 5.2), and otherwise "". Any
// other text comes from the server.
func knownCode(code string) string {
	switch code {
	case "invalid_request", "invalid_client", "invalid_grant", "unauthorized_client", "unsupported_grant_type", "invalid_scope":
		return code
	}
	return ""
}
