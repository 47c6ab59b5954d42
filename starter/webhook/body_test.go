package webhook

import (
	"bytes"
	"compress/gzip"
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"
	"time"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"
	"github.com/stretchr/testify/require"
)

func gzipped(t *testing.T, text string) string {
	t.Helper()
	var packed bytes.Buffer
	w := gzip.NewWriter(&packed)
	_, err := io.WriteString(w, text)
	require.NoError(t, err)
	require.NoError(t, w.Close())
	return packed.String()
}

func compressed(encoding, body string) *http.Request {
	sent := raw("POST", "/webhooks/babelforce/call-inbound", "application/json", body)
	if encoding != "" {
		sent.Header.Set("Content-Encoding", encoding)
	}
	return sent
}

func TestCompressedBodyIsRead(t *testing.T) {
	const event = `{"call.id":"` + leg + `","call.from":"` + phone + `"}`
	for _, encoding := range []string{"gzip", "x-gzip", "GZIP", "", "identity"} {
		withReceiver(t, func(t *testing.T, r *receiver) {
			require.Equal(t, http.StatusAccepted, r.send(t, compressed(encoding, gzipped(t, event))).status, encoding)
			require.Equal(t, phone, r.temporal.runs[workflowID].input.First.Leg.From)
		})
	}
	withReceiver(t, func(t *testing.T, r *receiver) {
		require.Equal(t, http.StatusAccepted, r.send(t, compressed("gzip", event)).status, "a proxy has decompressed it")
	})
}

func TestInvalidCompressionIsRefused(t *testing.T) {
	const event = `{"call.id":"` + leg + `"}`
	whole := gzipped(t, event)
	bomb := gzipped(t, event+strings.Repeat(" ", 10<<20))
	require.Less(t, len(bomb), maxBody)
	for name, c := range map[string]struct {
		encoding, body string
		status         int
	}{
		"brotli":         {"br", event, 415},
		"deflate":        {"deflate", event, 415},
		"twice":          {"gzip, gzip", gzipped(t, whole), 415},
		"cut short":      {"gzip", whole[:len(whole)-9], 400},
		"altered":        {"gzip", whole[:len(whole)-8] + "00000000", 400},
		"with a tail":    {"gzip", whole + "tail", 400},
		"a bomb":         {"gzip", bomb, 413},
		"just too large": {"gzip", gzipped(t, event+strings.Repeat(" ", maxBody+1-len(event))), 413},
		"just not":       {"gzip", gzipped(t, event+strings.Repeat(" ", maxBody-len(event))), 202},
	} {
		withReceiver(t, func(t *testing.T, r *receiver) {
			answer := r.send(t, compressed(c.encoding, c.body))
			require.Equal(t, c.status, answer.status, name)
			require.Equal(t, c.status == 415, answer.header.Get("Accept-Encoding") == "gzip", name)
			require.Equal(t, c.status, r.answered[0].Status)
			require.Equal(t, c.status != 202, strings.Contains(r.logs.String(), `"msg":"webhook refused","event":"call-inbound"`), name)
		})
	}
}

func TestByteOrderMarkAndCharsetAreRead(t *testing.T) {
	const asForm = "application/x-www-form-urlencoded"
	for contentType, body := range map[string]string{
		asForm:                             "\uFEFFcall.id=" + leg + "&agent.name=J%C3%BCrgen&call.from=%2B493055512399",
		asForm + "; charset=ISO-8859-1":    "call.id=" + leg + "&agent.name=J%FCrgen&call.from=%2B493055512399",
		"application/json":                 "\uFEFF" + `{"call.id":"` + leg + `","agent.name":"Jürgen","call.from":"` + phone + `"}`,
		"application/json; charset=cp1252": `{"call.id":"` + leg + `","agent.name":"J` + "\xfc" + `rgen","call.from":"` + phone + `"}`,
	} {
		withReceiver(t, func(t *testing.T, r *receiver) {
			answer := r.send(t, raw("POST", "/webhooks/babelforce/call-inbound", contentType, body))
			require.Equal(t, http.StatusAccepted, answer.status, contentType)
			require.Empty(t, answer.IgnoredFields)
			event := r.temporal.runs[workflowID].input.First
			require.Equal(t, phone, event.Leg.From, contentType)
			require.Equal(t, "Jürgen", event.Agent.Name, contentType)
		})
	}
}

// signedAs is a request to a path with a signed body.
func signedAs(t *testing.T, path, body string) *http.Request {
	t.Helper()
	sent := httptest.NewRequest(http.MethodPost, path, strings.NewReader(body))
	signer, err := standardwebhooks.NewWebhookRaw([]byte(secret))
	require.NoError(t, err)
	signature, err := signer.Sign("msg_1", time.Now(), []byte(body))
	require.NoError(t, err)
	sent.Header.Set("webhook-id", "msg_1")
	sent.Header.Set("webhook-timestamp", strconv.FormatInt(time.Now().Unix(), 10))
	sent.Header.Set("webhook-signature", signature)
	return sent
}

// An attacker may send a copied signed webhook again with other headers and another query.
func TestUnsignedHeadersAreIgnored(t *testing.T) {
	const path = "/webhooks/babelforce/call-inbound"
	for name, body := range map[string]string{
		"JSON":       `{"call.id":"` + leg + `","agent.name":"Jürgen"}`,
		"form":       "call.id=" + leg + "&agent.name=J%C3%BCrgen",
		"compressed": gzipped(t, `{"call.id":"`+leg+`","agent.name":"Jürgen"}`),
	} {
		for _, alter := range []func(http.Header){
			func(http.Header) {},
			func(h http.Header) { h.Set("Content-Type", "application/x-www-form-urlencoded") },
			func(h http.Header) { h.Set("Content-Type", "application/json; charset=iso-8859-1") },
			func(h http.Header) { h.Set("Content-Type", "text/plain"); h.Add("Content-Type", "application/json") },
			func(h http.Header) { h.Set("Content-Encoding", "gzip") },
			func(h http.Header) { h.Set("Content-Encoding", "identity") },
		} {
			withReceiver(t, func(t *testing.T, r *receiver) {
				sent := signedAs(t, path+"?wait=conversation", body)
				alter(sent.Header)
				answer := r.send(t, sent)
				require.Equal(t, http.StatusAccepted, answer.status, "%s %v", name, sent.Header)
				require.Equal(t, "Jürgen", r.temporal.runs[workflowID].input.First.Agent.Name)
				require.Empty(t, r.temporal.runs[workflowID].asked, "the query is not signed")
			}, withSecret(t))
		}
	}
}

func TestSignedEventIsNoOtherEvent(t *testing.T) {
	body := func(event string) string { return `{"call.id":"` + leg + `","event":"` + event + `"}` }
	for event, status := range map[string]int{
		"call-inbound": http.StatusAccepted, "call-finished": http.StatusUnauthorized, "call.finished": http.StatusAccepted, "": http.StatusAccepted,
	} {
		withReceiver(t, func(t *testing.T, r *receiver) {
			require.Equal(t, status, r.send(t, signedAs(t, "/webhooks/babelforce/call-inbound", body(event))).status, event)
			shown := raw("POST", "/webhooks/babelforce/call-inbound", "application/json", body(event))
			shown.Header.Set("Authorization", "Bearer "+secret)
			require.Equal(t, http.StatusAccepted, r.send(t, shown).status, "a field of one's own, from anyone who knows the secret")
		}, withSecret(t))
	}
}

// The signature covers id, time and body, joined by full stops. The attacker chose an agent's name.
func TestSignedPartsCannotBeShifted(t *testing.T) {
	withReceiver(t, func(t *testing.T, r *receiver) {
		later := strconv.FormatInt(time.Now().Unix()+1, 10)
		before := `{"call":{"id":"` + leg + `"},"agent":{"name":"Eve`
		after := `call.id=another&call.from=1"}}`
		sent := signedAs(t, "/webhooks/babelforce/call-inbound", before+"."+later+"."+after)
		cut := httptest.NewRequest(http.MethodPost, "/webhooks/babelforce/call-inbound", strings.NewReader(after))
		cut.Header = sent.Header.Clone()
		cut.Header.Set("webhook-id", "msg_1."+sent.Header.Get("webhook-timestamp")+"."+before)
		cut.Header.Set("webhook-timestamp", later)
		require.Equal(t, http.StatusUnauthorized, r.send(t, cut).status)
		require.Equal(t, http.StatusAccepted, r.send(t, sent).status)
		require.Len(t, r.temporal.runs, 1)
	}, withSecret(t))
}
