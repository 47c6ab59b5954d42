package codec

import (
	"bytes"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	commonpb "go.temporal.io/api/common/v1"
	"go.temporal.io/sdk/converter"

	"github.com/callthread/callthread/internal/source"
)

const ui = "https://temporal.example.com"

func serve(t *testing.T, options ServerOptions) string {
	t.Helper()
	server := httptest.NewServer(NewServer(keysOf(t, newer), options))
	t.Cleanup(server.Close)
	return server.URL
}

func ask(t *testing.T, method, url, body string, headers map[string]string) (*http.Response, string) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), method, url, strings.NewReader(body))
	require.NoError(t, err)
	for name, value := range headers {
		request.Header.Set(name, value)
	}
	response, err := http.DefaultClient.Do(request)
	require.NoError(t, err)
	text, err := io.ReadAll(response.Body)
	require.NoError(t, err)
	require.NoError(t, response.Body.Close())
	return response, string(text)
}

func TestSecretAllowsDecryption(t *testing.T) {
	url := serve(t, ServerOptions{Secret: "secret"})
	sealed := encrypt(t, keysOf(t, newer), `"words"`)
	for name, ask := range map[string]func(*http.Request){
		"bearer": func(r *http.Request) { r.Header.Set("Authorization", "Bearer secret") },
		"basic":  func(r *http.Request) { r.SetBasicAuth("anybody", "secret") },
	} {
		remote := converter.NewRemotePayloadCodec(converter.RemotePayloadCodecOptions{
			Endpoint: url, ModifyRequest: func(r *http.Request) error { ask(r); return nil },
		})
		opened, err := remote.Decode([]*commonpb.Payload{sealed})
		require.NoError(t, err, name)
		require.Equal(t, `"words"`, string(opened[0].GetData()))
		again, err := remote.Encode(opened)
		require.NoError(t, err, name)
		require.Equal(t, "2026", string(again[0].GetMetadata()[metadataKeyID]))
	}
}

func TestWrongSecretIsRefused(t *testing.T) {
	for name, authorization := range map[string]string{
		"nothing": "", "another": "Bearer other", "part of it": "Bearer secre", "more": "Bearer secret2", "nothing as bearer": "Bearer ",
		"as the user name": "Basic c2VjcmV0Og==", "no basic": "Basic !", "another password": "Basic YTpi",
	} {
		url := serve(t, ServerOptions{Secret: "secret", Origins: []string{ui}})
		for _, path := range []string{"/decode", "/encode", "/"} {
			response, body := ask(t, http.MethodPost, url+path, `{"payloads":[]}`, map[string]string{"Authorization": authorization, "Origin": ui})
			require.Equal(t, http.StatusUnauthorized, response.StatusCode, name)
			require.Contains(t, response.Header.Get("WWW-Authenticate"), "Basic", "so that a browser asks for it")
			require.NotContains(t, body, "payloads")
		}
	}
}

func TestWrongSecretsAreLimitedBySourceAndLogged(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var logs bytes.Buffer
		server := NewServer(keysOf(t, newer), ServerOptions{Secret: "secret", Log: slog.New(slog.NewTextHandler(&logs, nil))})
		status := func(address, authorization string) int {
			request := httptest.NewRequest(http.MethodPost, "/decode", strings.NewReader(`{"payloads":[]}`))
			request.RemoteAddr = address
			request.Header.Set("Authorization", authorization)
			answer := httptest.NewRecorder()
			server.ServeHTTP(answer, request)
			return answer.Code
		}
		for range source.FailureBurst {
			require.Equal(t, http.StatusUnauthorized, status("203.0.113.9:1", "Bearer guess"))
		}
		require.Equal(t, http.StatusTooManyRequests, status("203.0.113.9:2", "Bearer guess"))
		require.Equal(t, http.StatusUnauthorized, status("203.0.113.10:1", "Bearer guess"))
		require.Equal(t, http.StatusUnauthorized, status("203.0.113.9:1", ""), "a browser is challenged")
		require.Equal(t, http.StatusOK, status("203.0.113.9:1", "Bearer secret"))
		<-time.After(time.Second)
		require.Equal(t, http.StatusUnauthorized, status("203.0.113.9:1", "Bearer guess"))
		require.Equal(t, source.FailureBurst+1, strings.Count(logs.String(), "level=WARN"))
		require.Contains(t, logs.String(), `msg="request to the codec server refused" problem="wrong secret"`)
		require.NotContains(t, logs.String(), "guess")
		require.NotContains(t, logs.String(), "203.0.113")
	})
}

func TestOnlyPagesOfTheWebUIMayAsk(t *testing.T) {
	url := serve(t, ServerOptions{Origins: []string{ui, "http://localhost:8233"}})
	for _, origin := range []string{ui, "http://localhost:8233"} {
		before, _ := ask(t, http.MethodOptions, url+"/decode", "", map[string]string{"Origin": origin, "Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "content-type,x-namespace"})
		require.Equal(t, http.StatusNoContent, before.StatusCode)
		require.Equal(t, "POST", before.Header.Get("Access-Control-Allow-Methods"))
		for _, header := range []string{"Content-Type", "X-Namespace", "Authorization"} {
			require.Contains(t, before.Header.Get("Access-Control-Allow-Headers"), header)
		}
		then, body := ask(t, http.MethodPost, url+"/decode", `{"payloads":[]}`, map[string]string{"Origin": origin})
		require.Equal(t, http.StatusOK, then.StatusCode, body)
		for _, response := range []*http.Response{before, then} {
			require.Equal(t, origin, response.Header.Get("Access-Control-Allow-Origin"))
			require.Equal(t, "true", response.Header.Get("Access-Control-Allow-Credentials"))
			require.Equal(t, "Origin", response.Header.Get("Vary"))
			require.Equal(t, "no-store", response.Header.Get("Cache-Control"))
		}
	}
	for _, origin := range []string{"https://evil.example.com", "http://temporal.example.com", ui + ".evil.example.com", "null", url} {
		for _, method := range []string{http.MethodOptions, http.MethodPost} {
			response, _ := ask(t, method, url+"/decode", `{"payloads":[]}`, map[string]string{"Origin": origin})
			require.Equal(t, http.StatusForbidden, response.StatusCode, origin)
			require.Empty(t, response.Header.Get("Access-Control-Allow-Origin"))
		}
	}
}

func TestABrowserCanSignInBeforePagesAsk(t *testing.T) {
	url := serve(t, ServerOptions{Secret: "secret", Origins: []string{ui}})
	before, _ := ask(t, http.MethodOptions, url+"/decode", "", map[string]string{"Origin": ui})
	require.Equal(t, http.StatusNoContent, before.StatusCode, "a browser sends no credentials with this")
	refused, _ := ask(t, http.MethodGet, url+"/", "", nil)
	require.Equal(t, http.StatusUnauthorized, refused.StatusCode)
	signedIn, says := ask(t, http.MethodGet, url+"/", "", map[string]string{"Authorization": "Basic YTpzZWNyZXQ="})
	require.Equal(t, http.StatusOK, signedIn.StatusCode)
	require.Contains(t, says, "signed in")
}

func TestDecryptErrorNamesTheKey(t *testing.T) {
	url := serve(t, ServerOptions{})
	for body, says := range map[string]string{
		`{"payloads":[{"metadata":{"encoding":"YmluYXJ5L2VuY3J5cHRlZA==","encryption-key-id":"bG9zdA=="},"data":"AA=="}]}`: `"lost"`,
		`{`: "",
		`{"payloads":[{"data":"` + strings.Repeat("A", maxBody) + `"}]}`: "too large",
	} {
		response, said := ask(t, http.MethodPost, url+"/decode", body, nil)
		require.Equal(t, http.StatusBadRequest, response.StatusCode)
		require.Contains(t, said, says)
	}
	for _, request := range [][2]string{{http.MethodGet, "/decode"}, {http.MethodPost, "/"}, {http.MethodPost, "/else"}} {
		response, _ := ask(t, request[0], url+request[1], "{}", nil)
		require.Equal(t, http.StatusNotFound, response.StatusCode)
	}
}
