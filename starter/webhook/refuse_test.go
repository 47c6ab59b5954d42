package webhook

import (
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"
	"github.com/stretchr/testify/require"

	"github.com/callthread/callthread/babelforce"
)

// raw is a request with any body. Each refused body below contains the caller.
func raw(method, path, contentType, body string) *http.Request {
	sent := httptest.NewRequest(method, path, strings.NewReader(body))
	sent.Header.Set("Content-Type", contentType)
	return sent
}

func TestRefusalNamesTheField(t *testing.T) {
	const path, asJSON, asForm = "/webhooks/babelforce/call-finished", "application/json", "application/x-www-form-urlencoded"
	who := `"call.from":"` + phone + `","agent.name":"` + person + `"`
	for name, c := range map[string]struct {
		request       *http.Request
		status        int
		field, detail string
	}{
		"broken JSON":          {raw("POST", path, asJSON, `{"call.id":"x",`+who), 400, "", "not valid JSON"},
		"no object":            {raw("POST", path, asJSON, `["`+phone+`","`+person+`"]`), 400, "", "not a JSON object"},
		"form half escaped":    {raw("POST", path, asForm, "call.id=%zz&call.from="+phone), 400, "call.id", "printable ASCII"},
		"JSON in a form":       {raw("POST", path, asForm, `payload={"call":{"id":"x",`+who+`}}`), 400, "call.id", "holds JSON"},
		"nothing":              {raw("POST", path, "", ""), 400, "", "empty"},
		"no call id":           {raw("POST", path, asJSON, `{`+who+`}`), 400, "call.id", "no call id"},
		"placeholder as id":    {raw("POST", path, asForm, "call.id={call.id}&agent.name="+person), 400, "call.id", "no call id"},
		"person as id":         {raw("POST", path, asJSON, `{"call.id":"`+person+`/`+phone+`"}`), 400, "call.id", "slash"},
		"id beyond ASCII":      {raw("POST", path, asJSON, `{"call.id":"Anruf-Süd-1",`+who+`}`), 400, "call.id", "printable ASCII"},
		"long id":              {raw("POST", path, asJSON, `{"call.id":"`+strings.Repeat("x", 129)+`",`+who+`}`), 400, "call.id", "128"},
		"agent's orphaned leg": {request("call-finished", `"call.type":"outbound","call.source":"queue","call.domain":"internal"`), 400, "call.parentId", "the call that it belongs to is unknown"},
		"cut short":            {httptest.NewRequest("POST", path, iotest.ErrReader(errors.New(person))), 400, "", "could not be read"},
		"unknown event":        {raw("POST", "/webhooks/babelforce/"+phone, asJSON, `{`+who+`}`), 404, "", "/webhooks/babelforce/call-inbound, /call-outbound, /call-bridged, /call-finished or /recording-finished"},
		"unknown path":         {raw("POST", "/webhooks/"+phone, asJSON, `{`+who+`}`), 404, "", "/webhooks/babelforce/call-inbound, /call-outbound, /call-bridged, /call-finished or /recording-finished"},
		"read":                 {raw("GET", path+"?from="+phone, asJSON, `{`+who+`}`), 405, "", "POST"},
		"replaced":             {raw("PUT", path, asJSON, `{`+who+`}`), 405, "", "POST"},
		"too large":            {raw("POST", path, asJSON, `{`+who+strings.Repeat(" ", 65536)), 413, "", "64 KiB"},
		"other characters":     {raw("POST", path, asJSON+"; charset=utf-16", `{"call.id":"x",`+who+`}`), 415, "", "UTF-8"},
		"no JSON, no form":     {raw("POST", path, "text/plain", `{"call.id":"x",`+who+`}`), 415, "", "application/json"},
	} {
		t.Run(name, func(t *testing.T) {
			withReceiver(t, func(t *testing.T, r *receiver) {
				refused := r.send(t, c.request)
				require.Equal(t, c.status, refused.status)
				require.Equal(t, c.field, refused.Field)
				require.Contains(t, refused.Detail, c.detail)
				require.Equal(t, c.status == http.StatusMethodNotAllowed, refused.header.Get("Allow") == "POST")
				require.Empty(t, r.temporal.requests)
			})
		})
	}
}

func TestBodyOfExactlySixtyFourKiBIsRead(t *testing.T) {
	body := func(size int) io.Reader {
		const event = `{"call.id":"x"}`
		return strings.NewReader(event + strings.Repeat(" ", size-len(event)))
	}
	for size, status := range map[int]int{65536: http.StatusAccepted, 65537: http.StatusRequestEntityTooLarge} {
		withReceiver(t, func(t *testing.T, r *receiver) {
			for _, length := range []int64{int64(size), -1} { // with Content-Length, and chunked
				sent := httptest.NewRequest("POST", "/webhooks/babelforce/call-inbound", body(size))
				sent.ContentLength = length
				require.Equal(t, status, r.send(t, sent).status, size)
			}
		})
	}
}

func withSecret(t *testing.T) func(*Config) {
	verifier, err := babelforce.NewVerifier([]string{secret})
	require.NoError(t, err)
	return func(c *Config) { c.Verifier = verifier }
}

// signed is an event with a Standard-Webhooks signature of the given time.
func signed(t *testing.T, at time.Time) *http.Request {
	t.Helper()
	sent := request("call-inbound")
	body, err := io.ReadAll(sent.Body)
	require.NoError(t, err)
	signer, err := standardwebhooks.NewWebhookRaw([]byte(secret))
	require.NoError(t, err)
	signature, err := signer.Sign("msg_1", at, body)
	require.NoError(t, err)
	sent.Body = io.NopCloser(strings.NewReader(string(body)))
	sent.Header.Set("webhook-id", "msg_1")
	sent.Header.Set("webhook-timestamp", strconv.FormatInt(at.Unix(), 10))
	sent.Header.Set("webhook-signature", signature)
	return sent
}

func TestSecretIsRequired(t *testing.T) {
	withReceiver(t, func(t *testing.T, r *receiver) {
		with := func(header, value string) *http.Request {
			sent := request("call-inbound")
			sent.Header.Set(header, value)
			return sent
		}
		basic := request("call-inbound")
		basic.SetBasicAuth("babelforce", secret)
		for name, sent := range map[string]*http.Request{
			"bearer":     with("Authorization", "Bearer "+secret),
			"basic":      basic,
			"own header": with("X-Webhook-Secret", secret),
			"signature":  signed(t, time.Now()),
		} {
			require.Equal(t, http.StatusAccepted, r.send(t, sent).status, name)
		}

		accepted := len(r.temporal.requests)
		altered := signed(t, time.Now())
		altered.Body = request("call-inbound", `"call.to":"x"`).Body
		for name, c := range map[string]struct {
			sent *http.Request
			says string
		}{
			"nothing":          {request("call-inbound"), "no webhook credentials"},
			"wrong secret":     {with("Authorization", "Bearer "+person), "wrong webhook secret"},
			"half the secret":  {with("X-Webhook-Secret", secret[:10]), "wrong webhook secret"},
			"another body":     {altered, "bad webhook signature"},
			"old signature":    {signed(t, time.Now().Add(-6*time.Minute)), "five minutes"},
			"future signature": {signed(t, time.Now().Add(6*time.Minute)), "five minutes"},
		} {
			refused := r.send(t, c.sent)
			require.Equal(t, http.StatusUnauthorized, refused.status, name)
			require.Contains(t, refused.Detail, c.says, name)
			require.Contains(t, refused.header.Get("WWW-Authenticate"), "Bearer", name)
		}
		require.Len(t, r.temporal.requests, accepted)
	}, withSecret(t))
}

func TestUnauthorizedWebhooksDoNotUseTheRate(t *testing.T) {
	withReceiver(t, func(t *testing.T, r *receiver) {
		for range 5 {
			require.Equal(t, http.StatusUnauthorized, r.post(t, "call-inbound").status)
		}
		require.Equal(t, http.StatusAccepted, r.send(t, signed(t, time.Now())).status)
	}, withSecret(t), func(c *Config) { c.Rate = 0.1 })
}
