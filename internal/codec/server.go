package codec

import (
	"crypto/sha256"
	"crypto/subtle"
	"log/slog"
	"net/http"
	"slices"
	"strings"

	"go.temporal.io/sdk/converter"

	"github.com/callthread/callthread/internal/source"
)

// maxBody is larger than the payloads of the longest history that Temporal's Web UI requests at
// once.
const maxBody = 16 << 20

// ServerOptions configure who may decrypt payloads.
type ServerOptions struct {
	// Origins are the origins of the Web UIs that may send requests, such as
	// https://temporal.example.com.
	Origins []string
	// Secret is expected as bearer token or as basic password; "" accepts every request.
	Secret string
	// Proxies are the trusted proxies in front of the server. See [source.Proxies].
	Proxies source.Proxies
	// Log receives requests with a wrong secret; nil logs nothing.
	Log *slog.Logger
}

// server decrypts payloads for Temporal's Web UI and CLI.
type server struct {
	ServerOptions
	codec    http.Handler
	failures *source.Failures
}

// NewServer returns the handler of POST /decode and /encode, which Temporal's Web UI and CLI
// call. GET / lets a browser sign in if it does not ask for the password by itself. The browser
// then sends the password with the requests of the Web UI that include credentials.
func NewServer(keys *Keys, options ServerOptions) http.Handler {
	if options.Log == nil {
		options.Log = slog.New(slog.DiscardHandler)
	}
	return &server{
		ServerOptions: options, codec: converter.NewPayloadCodecHTTPHandler(keys),
		failures: source.NewFailures(options.Log, "request to the codec server"),
	}
}

func (s *server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	w.Header().Add("Vary", "Origin")
	origin := r.Header.Get("Origin")
	if origin != "" && !slices.Contains(s.Origins, origin) {
		http.Error(w, "pages of "+origin+" may not use this codec server: allow a Web UI with --ui-origin", http.StatusForbidden)
		return
	}
	if origin != "" {
		w.Header().Set("Access-Control-Allow-Origin", origin)
		w.Header().Set("Access-Control-Allow-Credentials", "true")
	}
	switch {
	case r.Method == http.MethodOptions: // a preflight request of a browser has no credentials
		w.Header().Set("Access-Control-Allow-Methods", http.MethodPost)
		w.Header().Set("Access-Control-Allow-Headers", "Authorization, Authorization-Extras, Content-Type, X-Namespace")
		w.Header().Set("Access-Control-Max-Age", "600")
		w.WriteHeader(http.StatusNoContent)
	case !s.allows(r):
		s.refuse(w, r)
	case r.Method == http.MethodGet && r.URL.Path == "/":
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		_, _ = w.Write([]byte("You are signed in. Pages of the Temporal Web UI can now show what is encrypted; reload them.\n"))
	default:
		r.Body = http.MaxBytesReader(w, r.Body, maxBody)
		s.codec.ServeHTTP(w, r)
	}
}

// refuse answers a request without the right secret. A browser sends no secret at first and
// must be challenged, so only a wrong secret counts as a failure of the source.
func (s *server) refuse(w http.ResponseWriter, r *http.Request) {
	if r.Header.Get("Authorization") != "" && !s.failures.Refuse(w, s.Proxies.Of(r), "problem", "wrong secret") {
		s.failures.TurnAway(w)
		w.Header().Set("Retry-After", "1")
		http.Error(w, "too many requests with a wrong secret from this source", http.StatusTooManyRequests)
		return
	}
	w.Header().Set("WWW-Authenticate", `Basic realm="Callthread codec server", charset="UTF-8"`)
	http.Error(w, "send the secret of the codec server as bearer token or as basic password", http.StatusUnauthorized)
}

// allows compares the secret in constant time for every length.
func (s *server) allows(r *http.Request) bool {
	if s.Secret == "" {
		return true
	}
	_, given, isBasic := r.BasicAuth()
	if !isBasic {
		given = strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer ")
	}
	want, got := sha256.Sum256([]byte(s.Secret)), sha256.Sum256([]byte(given))
	return subtle.ConstantTimeCompare(want[:], got[:]) == 1
}
