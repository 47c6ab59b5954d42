// Package sandbox imitates the part of babelforce's manager API that reading the call log
// needs: tokens, calls, agents, the clock and retention. It shares no code with the client,
// so that an error in one does not hide an error in the other.
//
// Formats and parameters follow the OpenAPI (manager-sdk, manager.openapi.yaml). For cases
// that it does not cover, or in which other programs have seen the real API deviate,
// [Faults] makes the sandbox behave as they report.
package sandbox

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/callthread/callthread/babelforce"
)

// Config describes the account of a sandbox and its credentials.
type Config struct {
	User, Password string
	// Token is a token that never expires; "" means none.
	Token string
	// Grant is the only accepted grant, password or client_credentials; "" accepts both.
	Grant string
	// RetentionDays is the reported retention of calls; 0 omits it.
	RetentionDays int
	Now           func() time.Time // time.Now if nil
}

// Server is the sandbox. It is an http.Handler and safe for concurrent use.
type Server struct {
	config Config
	mux    *http.ServeMux

	mu       sync.Mutex
	rows     []Row
	agents   map[string]babelforce.Agent // by id
	faults   Faults
	tokens   map[string]time.Time // token → expiry
	requests int
}

// New returns the sandbox of an account without calls.
func New(config Config) *Server {
	if config.Now == nil {
		config.Now = time.Now
	}
	s := &Server{config: config, mux: http.NewServeMux(), tokens: make(map[string]time.Time), agents: make(map[string]babelforce.Agent)}
	s.mux.HandleFunc("POST /oauth/token", s.token)
	s.mux.HandleFunc("GET /api/v2/calls/reporting", s.reporting)
	s.mux.HandleFunc("GET /api/v2/calls/reporting/simple", s.simple)
	s.mux.HandleFunc("GET /api/v2/calls/{id}", s.call)
	s.mux.HandleFunc("GET /api/v2/agents/{id}", s.agent)
	s.mux.HandleFunc("GET /api/v2/data/time", s.time)
	s.mux.HandleFunc("GET /api/v2/settings/retention/periods", s.retention)
	s.mux.HandleFunc("GET /api/v2/events", s.events)
	s.mux.HandleFunc("GET /api/v2/actions", s.actions)
	return s
}

// ServeHTTP answers a request, or applies a fault to it.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.requests++
	w.Header().Set("Date", s.now().UTC().Format(http.TimeFormat))
	isAPI := strings.HasPrefix(r.URL.Path, "/api/")
	if isAPI && s.faults.spoils(w, s.requests) {
		return
	}
	if isAPI && !s.isAuthorized(r) {
		refuse(w, http.StatusUnauthorized, "invalid_token")
		return
	}
	s.mux.ServeHTTP(w, r)
}

// now returns the time of babelforce's clock, which may be wrong.
func (s *Server) now() time.Time { return s.config.Now().Add(s.faults.ClockOffset) }

// Requests returns the number of requests so far.
func (s *Server) Requests() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.requests
}

// Misbehave replaces the faults from now on.
func (s *Server) Misbehave(faults Faults) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faults = faults
}

// Log adds legs to the call log. A leg with the same id is replaced.
func (s *Server) Log(rows ...Row) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, row := range rows {
		if row.Logged.IsZero() {
			row.Logged = s.config.Now()
		}
		if i := slices.IndexFunc(s.rows, func(r Row) bool { return r.ID == row.ID }); i >= 0 {
			row.Logged = s.rows[i].Logged
			s.rows[i] = row
			continue
		}
		s.rows = append(s.rows, row)
	}
}

func answer(w http.ResponseWriter, value any) {
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(value)
}

func refuse(w http.ResponseWriter, status int, code string) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(map[string]string{"error": code, "error_description": code})
}
