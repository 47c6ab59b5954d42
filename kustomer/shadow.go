package kustomer

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"maps"
	"net/http"
	"slices"
)

// ShadowID is the prefix of ids that a client with [Config.Shadow] makes up. No id of Kustomer has it.
const ShadowID = "shadow-"

// conversationRoute is the route of the conversation reads that a [Shadow] answers.
const conversationRoute = "/v1/conversations/{id}"

// Shadow replaces Kustomer for one step of a call, for a client with [Config.Shadow]. It
// records what the step writes and answers as Kustomer presumably would. It is not safe
// for concurrent use.
type Shadow struct {
	// Conversation is the call's conversation as Kustomer would have it, nil before it is
	// created. Its Tags are names, not ids.
	Conversation *Conversation
	// Withheld lists the requests that were not sent, in order.
	Withheld []Withheld
}

// Withheld is a request that was not sent. Its Body contains personal data; its other fields do not.
type Withheld struct {
	Op     string `json:"op"`     // as in Error.Op
	Method string `json:"method"` // HTTP method
	Route  string `json:"route"`  // path template, never the path itself
	// Fields are the names of the body's fields. Custom attributes are separate, as in custom.callIdStr.
	Fields []string        `json:"fields,omitempty"`
	Body   json.RawMessage `json:"body,omitempty"`
}

type shadowKey struct{}

// WithShadow makes s answer the requests of this context, if the client has
// [Config.Shadow]: all writes, and reads of data that steps of calls write.
func WithShadow(ctx context.Context, s *Shadow) context.Context {
	return context.WithValue(ctx, shadowKey{}, s)
}

// IsShadow reports whether the client withholds writes ([Config.Shadow]).
func (c *Client) IsShadow() bool { return c.shadow }

// withhold answers a request that a shadow does not send. It returns nil for a request to
// be sent: a read of data that no step writes. A write outside a step fails.
func (c *Client) withhold(ctx context.Context, in call, body []byte) (*answer, error) {
	s, isStep := ctx.Value(shadowKey{}).(*Shadow)
	isRead := in.method == http.MethodGet
	switch {
	case !c.shadow, isRead && !(isStep && in.shadowed):
		return nil, nil
	case !isStep:
		return nil, in.refused(Rejected, "a shadow writes nothing")
	}
	data := any([]any{}) // in shadow, no step has written anything
	if isRead && in.route == conversationRoute && s.Conversation != nil {
		data = s.resource()
	}
	if !isRead {
		data = s.take(in, body)
	}
	answered, err := json.Marshal(map[string]any{"data": data})
	if err != nil {
		return nil, in.refused(Rejected, "the shadow's answer cannot be written as JSON")
	}
	return &answer{call: in, sent: body, status: http.StatusOK, header: http.Header{}, body: answered}, nil
}

// take records a write, applies it to the conversation, and returns what Kustomer would show.
func (s *Shadow) take(in call, body []byte) any {
	s.Withheld = append(s.Withheld, Withheld{Op: in.op, Method: in.method, Route: in.route, Fields: fieldsOf(body), Body: body})
	switch written := in.body.(type) {
	case NewCustomer:
		return map[string]any{"type": "customer", "id": ShadowID + cmp.Or(written.ExternalID, "customer")}
	case NewConversation:
		s.Conversation = &Conversation{
			ID: ShadowID + written.ExternalID, CustomerID: written.CustomerID, ExternalID: written.ExternalID, Name: written.Name,
			Status: cmp.Or(written.Status, "open"), Tags: written.Tags, AssignedUsers: written.AssignedUsers, AssignedTeams: written.AssignedTeams,
		}
	}
	if s.Conversation == nil {
		return map[string]any{"id": ShadowID + "unknown"}
	}
	s.Conversation.Rev++
	s.Conversation.change(in)
	return s.resource()
}

// change applies a write to a conversation.
func (c *Conversation) change(in call) {
	switch written := in.body.(type) {
	case ConversationUpdate:
		c.Name, c.Status = *cmp.Or(written.Name, &c.Name), cmp.Or(written.Status, c.Status)
		c.Tags, c.AssignedUsers = *cmp.Or(written.Tags, &c.Tags), *cmp.Or(written.AssignedUsers, &c.AssignedUsers)
		c.AssignedTeams = *cmp.Or(written.AssignedTeams, &c.AssignedTeams)
	case newOwner:
		c.CustomerID = written.CustomerID
	case tagNames:
		c.Tags = slices.DeleteFunc(slices.Clone(c.Tags), func(tag string) bool { return slices.Contains(written, tag) })
		if in.method == http.MethodPost {
			c.Tags = append(c.Tags, written...)
		}
	case NewNote:
		c.NoteCount++
	case voiceMessage:
		if written.Direction == "in" { // reopens a conversation that is done (inferred)
			c.Status = "open"
		}
	}
}

// resource returns the conversation as an answer shows it.
func (s *Shadow) resource() any {
	c := s.Conversation
	list := func(items []string) []string { return append([]string{}, items...) } // nil would be null, which means unknown
	return map[string]any{
		"type": "conversation", "id": c.ID,
		"attributes": map[string]any{
			"externalId": c.ExternalID, "name": c.Name, "status": c.Status, "tags": list(c.Tags),
			"assignedUsers": list(c.AssignedUsers), "assignedTeams": list(c.AssignedTeams), "rev": c.Rev, "noteCount": c.NoteCount,
		},
		"relationships": map[string]any{"customer": map[string]any{"data": map[string]any{"type": "customer", "id": c.CustomerID}}},
	}
}

// fieldsOf returns the names of a body's fields, none for a list.
func fieldsOf(body []byte) (fields []string) {
	for name, value := range object(body) {
		custom := object(value)
		if name != "custom" || len(custom) == 0 {
			fields = append(fields, name)
			continue
		}
		for _, attribute := range slices.Collect(maps.Keys(custom)) {
			fields = append(fields, name+"."+attribute)
		}
	}
	slices.Sort(fields)
	return fields
}

// readOnly is the transport of a shadow. It refuses every write, as a second safeguard
// behind withhold.
type readOnly struct{ http.RoundTripper }

func (r readOnly) RoundTrip(request *http.Request) (*http.Response, error) {
	if request.Method != http.MethodGet {
		return nil, errors.New("a shadow writes nothing")
	}
	return r.RoundTripper.RoundTrip(request)
}
