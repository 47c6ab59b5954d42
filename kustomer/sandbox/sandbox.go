// Package sandbox is a stand-in for the parts of the Kustomer REST API that
// Callthread uses, with a page for people at / and a control API for faults
// under /sandbox/. It keeps everything in memory.
//
// It is written from Kustomer's OpenAPI document and from recorded traffic, and
// shares no code with the client it is used to test. Where the vendor's behaviour
// is not known, the sandbox takes the choice that is harder for a client and says
// so beside the code.
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

// Config describes one sandboxed organisation. Only APIKey is required.
type Config struct {
	APIKey     string            // the key that is accepted; it has every role
	OtherKeys  map[string]string // further keys, of other integrations: key → id of the user behind it
	Budget     int               // requests a minute for the whole organisation, default 1000
	Users      []User            // default: DefaultUsers
	Teams      []Team            // default: DefaultTeams where Users is left out too, else none
	Attributes map[string]string // custom attributes of conversations, name → metadata type; default: DefaultAttributes
	Now        func() time.Time  // default time.Now
	Seed       int64             // seed of the faults' probabilities and of the object ids

	// Customers and Conversations are what the organisation holds from the beginning.
	// Each has an id of its own.
	Customers     []Customer
	Conversations []Conversation

	// AllowDuplicates accepts an externalId that a conversation or a message has already
	// for another one. What Kustomer answers to a second one is not known; a client that must not
	// depend on being refused is tried against this.
	AllowDuplicates bool
}

// Server is the sandbox. It is an http.Handler and safe for concurrent use.
type Server struct {
	now        func() time.Time
	users      []User
	teams      []Team
	attributes map[string]string
	schemas    schemas
	routes     []route
	control    http.Handler
	duplicates bool // Config.AllowDuplicates

	customers     []Customer // Config's, as are the conversations
	conversations []Conversation

	mu           sync.Mutex // guards everything below
	random       *rand.Rand
	keyHash      [sha256.Size]byte
	otherKeys    map[string]string // Config's
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

// New returns an empty sandbox. It panics without an API key, since a server that
// accepts an empty key would hide a client that sends none.
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
	s.hold()
	s.schemas = s.newSchemas()
	s.control = s.newControl()
	return s
}

// ServeHTTP answers API requests below /v1/, and the page and the control API elsewhere.
// As with any handler that cuts connections, a fault may end it by panicking
// with http.ErrAbortHandler, which net/http understands.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if strings.HasPrefix(r.URL.Path, "/v1/") {
		s.serveAPI(w, r)
		return
	}
	s.control.ServeHTTP(w, r)
}

// serveAPI takes a request past what stands in front of Kustomer's API (the count, the
// credentials, the budget, whatever fault is due) and then to its route.
func (s *Server) serveAPI(w http.ResponseWriter, r *http.Request) {
	// Reading the body first is also what lets net/http notice that the client has left.
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

// admit counts the request and says whether it is refused at the door or meets a fault.
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
	// Credentials come first: without a valid key there is no organisation whose budget
	// could be spent (inferred).
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

// keyUser is the user behind the key of a request, "" if the key is not accepted.
func (s *Server) keyUser(r *http.Request) string {
	key, isBearer := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	// Comparing hashes keeps the key's length out of the timing as well.
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

// reset forgets everything that clients and faults have done, and keeps the
// configuration, the key's validity and the minute's budget. What a fault is holding back
// is still done when its time comes.
func (s *Server) reset() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.hold()
	s.faults = nil
	s.requests = map[string]int{}
	s.writes = map[string]int{}
	s.disturbed = map[string]int{}
	s.requestTotal = 0
}
