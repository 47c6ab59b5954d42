package webhook

import (
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// A wrong URL in an automation must be noticed: in the answer, in the log and in the metrics.
func TestWebhookToAWrongPathIsCounted(t *testing.T) {
	for path, meant := range map[string]string{
		"/webhooks/babelforce/call-inbound/":             "call-inbound",
		"//webhooks/babelforce/call-inbound":             "call-inbound",
		"/webhooks//babelforce/call-bridged":             "call-bridged",
		"/webhooks/./babelforce/call-bridged":            "call-bridged",
		"/webhooks/babelforce/call-ended":                "call-finished",
		"/webhooks/babelforce/CALL_FINISHED":             "call-finished",
		"/webhooks/babelforce/call.bridge":               "call-bridged",
		"/webhooks/babelforce/answered":                  "call-bridged",
		"/webhooks/babelforce/disconnected":              "call-finished",
		"/webhooks/babelforce/outgoing":                  "call-outbound",
		"/webhooks/babelforce/recording-ready":           "recording-finished",
		"/webhooks/babelforce/call-inbound/" + phone[1:]: "",
		"/webhooks/babelforce/":                          "",
		"/webhooks/babelforce":                           "",
		"/webhook/call-finished":                         "call-finished",
		"/call-finished":                                 "call-finished",
	} {
		withReceiver(t, func(t *testing.T, r *receiver) {
			refused := r.send(t, raw("POST", path, "application/json", `{"call.id":"x","agent.name":"`+person+`"}`))
			require.Equal(t, http.StatusNotFound, refused.status, path)
			require.Contains(t, refused.Detail, "/webhooks/babelforce/call-inbound, /call-outbound")
			require.Equal(t, meant != "", strings.Contains(refused.Detail, "probably"), path)
			require.True(t, strings.HasSuffix(refused.Detail, meant), path)
			require.Equal(t, []Answered{{Event: "unknown", Status: 404}}, r.answered, path)
			require.Contains(t, r.logs.String(), `"msg":"webhook refused","event":"unknown","status":404`)
		})
	}
}

func TestOtherMethodIsCountedAndLogged(t *testing.T) {
	for _, method := range []string{"GET", "HEAD", "PUT", "OPTIONS"} {
		withReceiver(t, func(t *testing.T, r *receiver) {
			r.ServeHTTP(&statusRecorder{ResponseWriter: discard{}}, raw(method, "/webhooks/babelforce/call-bridged", "", ""))
			require.Equal(t, []Answered{{Event: "call-bridged", Status: 405}}, r.answered)
			require.Contains(t, r.logs.String(), `"msg":"webhook refused","event":"call-bridged","status":405`)
		})
	}
}

// discard is a ResponseWriter that drops the answer.
type discard struct{}

func (discard) Header() http.Header         { return make(http.Header) }
func (discard) Write(p []byte) (int, error) { return len(p), nil }
func (discard) WriteHeader(int)             {}

// Scans of the internet must raise no alert.
func TestNoiseIsNotCounted(t *testing.T) {
	withReceiver(t, func(t *testing.T, r *receiver) {
		for _, path := range []string{"/", "/wp-login.php", "/../etc/passwd", "/healthz/"} {
			require.Equal(t, http.StatusNotFound, r.send(t, raw("POST", path, "", "")).status, path)
		}
		require.Empty(t, r.answered)
		require.Empty(t, r.logs.String())
	})
}

func TestLogIsNotFloodedByWrongPaths(t *testing.T) {
	withReceiver(t, func(t *testing.T, r *receiver) {
		for range 3 * refusalsLogged {
			r.send(t, raw("POST", "/webhooks/babelforce/x", "", ""))
		}
		require.Len(t, r.answered, 3*refusalsLogged)
		require.Equal(t, refusalsLogged, strings.Count(r.logs.String(), "\n"))
	})
}
