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

// maxBody is more than the payloads of the longest history that Temporal's Web UI asks for at once.
const maxBody = 16 << 20

// ServerOptions say who may have payloads decrypted.
type ServerOptions struct {
	// Origins are those of the Web UIs whose pages may ask, such as https://temporal.example.com.
	Origins []string
	// Secret must come as a bearer token or as basic password; "" lets everybody in who reaches the server.
	Secret string
	// Proxies are those before the server, whose word on where a request came from is taken.
	Proxies source.Proxies
	// Log is for requests with a wrong secret. Nil logs nothing.
	Log *slog.Logger
}

// server is what Temporal's Web UI and CLI ask to decrypt payloads.
type server struct {
	ServerOptions
	codec    http.Handler
	failures *source.Failures
}

// NewServer makes the handler of POST /decode and /encode, as Temporal's Web UI
// and CLI use them. GET / lets a browser sign in where it does not ask by itself:
// it keeps the password, and sends it along when a page of the Web UI asks with credentials.
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
		http.Error(w, "pages of "+origin+" may not use this codec server: it is told of a Web UI with --ui-origin", http.StatusForbidden)
		return
	}
	if origin != "" {
		w.Header().Set("Access-Control-Allow-Origin", origin)
		w.Header().Set("Access-Control-Allow-Credentials", "true")
	}
	switch {
	case r.Method == http.MethodOptions: // browsers ask without credentials whether they may ask
		w.Header().Set("Access-Control-Allow-Methods", http.MethodPost)
		w.Header().Set("Access-Control-Allow-Headers", "Authorization, Authorization-Extras, Content-Type, X-Namespace")
		w.Header().Set("Access-Control-Max-Age", "600")
		w.WriteHeader(http.StatusNoContent)
	case !s.allows(r):
		s.refuse(w, r)
	case r.Method == http.MethodGet && r.URL.Path == "/":
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		_, _ = w.Write([]byte("You are signed in. Pages of the Temporal Web UI can now show what is encrypted; load them anew.\n"))
	default:
		r.Body = http.MaxBytesReader(w, r.Body, maxBody)
		s.codec.ServeHTTP(w, r)
	}
}

// refuse answers a request without the right secret. Browsers ask without any at
// first, and must be challenged: only a wrong one counts as a failure of its source.
func (s *server) refuse(w http.ResponseWriter, r *http.Request) {
	if r.Header.Get("Authorization") != "" && !s.failures.Refuse(w, s.Proxies.Of(r), "problem", "wrong secret") {
		s.failures.TurnAway(w)
		http.Error(w, "too many requests with a wrong secret from where this one comes from", http.StatusTooManyRequests)
		return
	}
	w.Header().Set("WWW-Authenticate", `Basic realm="Callthread codec server", charset="UTF-8"`)
	http.Error(w, "send the secret of the codec server as bearer token or as basic password", http.StatusUnauthorized)
}

// allows checks the secret, in constant time and whatever its length.
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
