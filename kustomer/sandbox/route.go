package sandbox

import (
	"encoding/json"
	"io"
	"mime"
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// maxBody is the largest body of most endpoints. The vendor documents "100 kB"; whether a
// kB is 1,000 or 1,024 bytes is unknown, so this is the smaller one.
const maxBody = 100_000

const jsonMedia = "application/json"

// route is one operation. Its template is the path in the vendor's OpenAPI (which writes
// one wildcard as :externalId). It has at most one {wildcard}, which may follow a literal
// prefix within its segment.
type route struct {
	method, template string
	media            []string // media types of the body; nil if the operation has no body
	serve            func(*Server, request) answer
}

// request is the input of a route.
type request struct {
	arg   string // the value of the wildcard, percent-decoded
	path  string // as sent, for the links of lists
	query url.Values
	body  any    // decoded JSON
	by    string // id of the key's user
}

// apiRoutes lists every operation. A literal template precedes a wildcard that also
// matches it.
func apiRoutes() []route {
	body := []string{jsonMedia}
	// The OpenAPI declares json-patch for PATCH, but its schema is the plain object of PUT,
	// and real clients send application/json.
	patch := []string{jsonMedia, "application/json-patch+json"}
	return []route{
		{"GET", "/v1/auth/tokens/current", nil, (*Server).currentToken},
		{"GET", "/v1/users", nil, (*Server).listUsers},
		{"GET", "/v1/users/current", nil, (*Server).currentUser},
		{"GET", "/v1/users/{id}", nil, (*Server).getUser},
		{"GET", "/v1/teams", nil, (*Server).listTeams},
		{"GET", "/v1/tags", nil, (*Server).listTags},
		{"GET", "/v1/metadata/conversation", nil, (*Server).conversationMetadata},
		{"POST", "/v1/customers", body, (*Server).createCustomer},
		{"GET", "/v1/customers/phone={phone}", nil, (*Server).customerByPhone},
		{"GET", "/v1/customers/email={email}", nil, (*Server).customerByEmail},
		{"GET", "/v1/customers/externalId={externalId}", nil, (*Server).customerByExternalID},
		{"GET", "/v1/customers/{id}", nil, (*Server).getCustomer},
		{"GET", "/v1/customers/{id}/conversations", nil, (*Server).listConversations},
		{"POST", "/v1/conversations", body, (*Server).createConversation},
		{"GET", "/v1/conversations/externalId={externalId}", nil, (*Server).conversationByExternalID},
		{"GET", "/v1/conversations/{id}", nil, (*Server).getConversation},
		{"PUT", "/v1/conversations/{id}", body, (*Server).updateConversation},
		{"PATCH", "/v1/conversations/{id}", patch, (*Server).updateConversation},
		{"DELETE", "/v1/conversations/{id}", nil, (*Server).deleteConversation},
		{"POST", "/v1/conversations/{id}/tags", body, (*Server).addTags},
		{"DELETE", "/v1/conversations/{id}/tags", body, (*Server).removeTags},
		{"POST", "/v1/conversations/{id}/notes", body, (*Server).createNote},
		{"GET", "/v1/conversations/{id}/notes", nil, (*Server).listNotes},
		{"POST", "/v1/conversations/{id}/messages", body, (*Server).createMessage},
		{"GET", "/v1/messages/externalid={externalId}", nil, (*Server).messageByExternalID},
	}
}

// target is the route of a request or, without a route, the methods that the path allows.
type target struct {
	route *route
	arg   string
	allow []string
}

// name is the key of State.Requests. All requests without a route share one key, so that a
// stray client cannot grow the map.
func (t target) name() string {
	if t.route == nil {
		return "unmatched"
	}
	return t.route.method + " " + t.route.template
}

func (s *Server) match(r *http.Request) target {
	var t target
	template := ""
	for i := range s.routes {
		rt := &s.routes[i]
		arg, ok := fits(rt.template, r.URL.EscapedPath())
		// The first matching template counts; another may match too, such as /users/{id}
		// for /users/current.
		if !ok || template != "" && template != rt.template {
			continue
		}
		template = rt.template
		t.allow = append(t.allow, rt.method)
		if rt.method == r.Method {
			t.route, t.arg = rt, arg
		}
	}
	return t
}

// fits compares the escaped path by segment, so that an escaped slash stays within its
// segment. It returns the value of the wildcard.
func fits(template, escapedPath string) (arg string, ok bool) {
	want, got := strings.Split(template, "/"), strings.Split(escapedPath, "/")
	if len(want) != len(got) {
		return "", false
	}
	for i, segment := range want {
		value, err := url.PathUnescape(got[i])
		if err != nil {
			return "", false
		}
		prefix, _, wild := strings.Cut(segment, "{")
		if !wild {
			if value != segment {
				return "", false
			}
			continue
		}
		if arg, ok = strings.CutPrefix(value, prefix); !ok || arg == "" {
			return "", false
		}
	}
	return arg, true
}

// readBody reads up to one byte beyond the limit, which perform refuses.
func readBody(r *http.Request) []byte {
	// A body that breaks off is not valid JSON and is refused as such.
	body, _ := io.ReadAll(io.LimitReader(r.Body, maxBody+1))
	return body
}

// perform does the work of the route. The caller holds the lock.
func (s *Server) perform(r *http.Request, t target, body []byte) answer {
	if t.route == nil && len(t.allow) == 0 {
		return notFound()
	}
	if t.route == nil {
		refused := failure(http.StatusMethodNotAllowed, "method_not_allowed", "Method not allowed.", "")
		refused.setHeader("Allow", strings.Join(t.allow, ", "))
		return refused
	}
	req := request{arg: t.arg, path: r.URL.EscapedPath(), query: r.URL.Query(), by: s.keyUser(r)}
	if t.route.media != nil {
		media, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type"))
		switch {
		case len(body) > maxBody:
			return failure(http.StatusRequestEntityTooLarge, "request_entity_too_large", "Request body is larger than 100 kB.", "")
		case !slices.Contains(t.route.media, media):
			return failure(http.StatusUnsupportedMediaType, "unsupported_media_type", "Content-Type must be application/json.", "")
		case json.Unmarshal(body, &req.body) != nil:
			return failure(http.StatusBadRequest, "bad_request", "Invalid request body or parameters.", "")
		}
	}
	return t.route.serve(s, req)
}
