// Package sandbox imitates the part of the Kustomer REST API that Callthread uses. It
// also serves a page for people at / and a control API for faults under /sandbox/. All
// data is kept in memory.
//
// The sandbox follows Kustomer's OpenAPI document and recorded traffic. It shares no code
// with the client that it tests. If the vendor's behaviour is unknown, the sandbox behaves
// in the way that is harder for a client, and a comment says so.
package sandbox

import (
	"crypto/sha256"
	"crypto/subtle"
	"maps"
	"math/rand/v2"
	"net/http"
	"strings"
	"sync"
	"time"
)

// Config describes the organisation of a sandbox. Only APIKey is required.
type Config struct {
	APIKey     string            // the accepted key; it has every role
	OtherKeys  map[string]string // keys of other integrations: key → user id
	Budget     int               // requests per minute of the organisation, default 1000
	Users      []User            // default: DefaultUsers
	Teams      []Team            // default: DefaultTeams if Users is nil too, otherwise none
	Attributes map[string]string // custom attributes of conversations, name → metadata type; default: DefaultAttributes
	Now        func() time.Time  // default time.Now
	Seed       int64             // seed of the faults' probabilities and of the object ids

	// Customers and Conversations exist from the beginning and after a reset. Each must
	// have a unique id.
	Customers     []Customer
	Conversations []Conversation

	// AllowDuplicates accepts an externalId that another conversation or message has.
	// Kustomer's answer to a duplicate is unknown. The setting tests a client that must
	// not depend on a refusal.
	AllowDuplicates bool
}

// Server is a sandboxed organisation. It is an http.Handler and safe for concurrent use.
type Server struct {
	now        func() time.Time
	users      []User
	teams      []Team
	attributes map[string]string
	schemas    schemas
	routes     []route
	control    http.Handler
	duplicates bool // Config.AllowDuplicates

	customers     []Customer // from Config, like conversations
	conversations []Conversation

	mu           sync.Mutex // guards everything below
	random       *rand.Rand
	keyHash      [sha256.Size]byte
	otherKeys    map[string]string // from Config
	keyValid     bool
	budget       budget
	faults       []*fault
	faultCount   int
	ids          idSource
	store        store
	requests     map[string]int
	writes       map[string]int
	disturbed    map[string]int
	requestTotal int
}

// New returns a sandbox. It panics without an API key, because a server that accepts an
// empty key would hide a client that sends none.
func New(c Config) *Server {
	if c.APIKey == "" {
		panic("sandbox: Config.APIKey is required")
	}
	if c.Budget == 0 {
		c.Budget = 1000
	}
	if c.Users == nil {
		c.Users = DefaultUsers()
		if c.Teams == nil {
			c.Teams = DefaultTeams()
		}
	}
	if c.Attributes == nil {
		c.Attributes = DefaultAttributes()
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	random := rand.New(rand.NewPCG(uint64(c.Seed), 0))
	s := &Server{
		now:        c.Now,
		users:      append([]User{machineUser}, c.Users...),
		teams:      cloneTeams(c.Teams),
		attributes: maps.Clone(c.Attributes),
		routes:     apiRoutes(),
		duplicates: c.AllowDuplicates,
		random:     random,
		keyHash:    sha256.Sum256([]byte(c.APIKey)),
		otherKeys:  c.OtherKeys,
		keyValid:   true,
		budget:     budget{limit: c.Budget},
		ids:        idSource{process: random.Uint64() & (1<<40 - 1)},
		requests:   map[string]int{},
		writes:     map[string]int{},
		disturbed:  map[string]int{},
	}
	s.customers, s.conversations = c.Customers, c.Conversations
	s.resetStore()
	s.schemas = s.newSchemas()
	s.control = s.newControl()
	return s
}

// ServeHTTP answers API requests under /v1/, and serves the page and the control API at
// all other paths. A fault that cuts the connection panics with http.ErrAbortHandler,
// which net/http handles.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if strings.HasPrefix(r.URL.Path, "/v1/") {
		s.serveAPI(w, r)
		return
	}
	s.control.ServeHTTP(w, r)
}

// serveAPI counts a request, checks its credentials and the budget, applies a fault if one
// is due, and passes the request to its route.
func (s *Server) serveAPI(w http.ResponseWriter, r *http.Request) {
	// net/http notices that the client has left only after the body has been read.
	body := readBody(r)
	target := s.match(r)
	work := func() answer {
		s.mu.Lock()
		defer s.mu.Unlock()
		return s.perform(r, target, body)
	}

	refusal, due := s.admit(w.Header(), r, target, body)
	switch {
	case refusal != nil:
		refusal.write(w)
	case due != nil:
		s.strike(*due, w, r, work)
	default:
		work().write(w)
	}
}

// admit counts the request. It returns a refusal, or the fault that applies.
func (s *Server) admit(h http.Header, r *http.Request, target target, body []byte) (*answer, *Fault) {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.now()
	s.requests[target.name()]++
	s.requestTotal++
	by := s.keyUser(r)
	if r.Method != http.MethodGet {
		s.writes[by]++
	}

	var refusal *answer
	switch {
	// Credentials are checked first: without a valid key, no organisation's budget is spent
	// (inferred).
	case by == "":
		refusal = new(unauthorized())
	case !s.budget.take(now):
		refusal = new(rateLimited(now))
	}
	s.budget.announce(h, now)
	if refusal != nil {
		return refusal, nil
	}
	return nil, s.dueFault(target, body)
}

// keyUser returns the user of the request's key, "" if the key is not accepted.
func (s *Server) keyUser(r *http.Request) string {
	key, isBearer := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	// Comparing hashes also keeps the key's length out of the timing.
	sum := sha256.Sum256([]byte(key))
	same := subtle.ConstantTimeCompare(sum[:], s.keyHash[:]) == 1
	switch {
	case !isBearer:
		return ""
	case same && s.keyValid:
		return machineUser.ID
	}
	return s.otherKeys[key]
}

// reset discards the effects of clients and faults. It keeps the configuration, the
// validity of the key and the budget of the minute. Work that a fault delays is still done.
func (s *Server) reset() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.resetStore()
	s.faults = nil
	s.requests = map[string]int{}
	s.writes = map[string]int{}
	s.disturbed = map[string]int{}
	s.requestTotal = 0
}
