package kustomer

import (
	"context"
	"net/http"
	"net/url"
	"slices"
	"time"
)

// Conversation is a thread on one customer's timeline. A field is zero if the answer
// lacks it or has it in another form than documented. A caller that depends on such a
// field checks it with [Conversation.Needs].
type Conversation struct {
	ID            string
	CustomerID    string
	CreatedBy     string // the user who created it or whose key did; empty if unknown
	ExternalID    string
	Name          string   // the subject that agents see
	Status        string   // open, snoozed or done
	Priority      int      // 1 (lowest) to 5; 0 if it has none
	Tags          []string // ids, although requests carry names; nil if unknown
	AssignedUsers []string
	AssignedTeams []string
	Custom        map[string]any
	Rev           int // increases with every change; see ConversationUpdate.Rev
	NoteCount     int // -1 if unknown
	CreatedAt     time.Time
	UpdatedAt     time.Time
	// ImportedAt is the value that the conversation was created with. Whether answers
	// contain it is inferred: no example shows one.
	ImportedAt time.Time
	// MergedTarget is the conversation into which this one was merged, if any. Updates
	// of the old one then presumably have no visible effect (inferred).
	MergedTarget string
	// Deleted reports a deleted conversation that can still be read. OpenAPI has the
	// field in the update's body; on reads it is seen in third-party data only.
	Deleted bool

	lacks map[Field]error // fields that callers cannot depend on
}

// Field is a field of a conversation that a caller may depend on.
type Field string

// The fields that [Conversation.Needs] checks.
const (
	FieldCustomer      Field = "customer"
	FieldName          Field = "name"
	FieldStatus        Field = "status"
	FieldPriority      Field = "priority"
	FieldAssignedUsers Field = "assignedUsers"
	FieldAssignedTeams Field = "assignedTeams"
	FieldCustom        Field = "custom"
	FieldRev           Field = "rev"
)

// Needs returns an *Error of kind NotUnderstood if one of these fields came in another
// form than documented. The customer, the status and the revision must also be present,
// because every conversation has them. An absent list or name counts as empty.
func (c *Conversation) Needs(fields ...Field) error {
	for _, field := range fields {
		if err := c.lacks[field]; err != nil {
			return err
		}
	}
	return nil
}

func (c *Conversation) read(r *resource) error {
	c.ID, c.CustomerID, c.CreatedBy = r.id, r.related("customer"), r.related("createdBy")
	c.ExternalID, _ = attribute(r, "externalId", asText)
	c.Name, _ = attribute(r, "name", asText)
	c.Status, _ = attribute(r, "status", asWord)
	c.Priority, _ = attribute(r, "priority", asNumber)
	c.Tags, _ = attribute(r, "tags", asIDs)
	c.AssignedUsers, _ = attribute(r, "assignedUsers", asIDs)
	c.AssignedTeams, _ = attribute(r, "assignedTeams", asIDs)
	c.Custom, _ = attribute(r, "custom", asCustom)
	c.Rev, _ = attribute(r, "rev", asNumber)
	c.CreatedAt, _ = attribute(r, "createdAt", asTime)
	c.UpdatedAt, _ = attribute(r, "updatedAt", asTime)
	c.ImportedAt, _ = attribute(r, "importedAt", asTime)
	c.MergedTarget, _ = attribute(r, "mergedTarget", asID)
	c.Deleted, _ = attribute(r, "deleted", asFlag)
	var ok bool
	if c.NoteCount, ok = attribute(r, "noteCount", asNumber); !ok {
		c.NoteCount = -1
	}
	c.noteLacking(r)
	return r.needsID()
}

// noteLacking records the fields that callers cannot depend on.
func (c *Conversation) noteLacking(r *resource) {
	lacking := slices.Clone(r.odd)
	for field, isThere := range map[Field]bool{FieldCustomer: c.CustomerID != "", FieldStatus: c.Status != "", FieldRev: c.Rev != 0} {
		if !isThere {
			lacking = append(lacking, string(field))
		}
	}
	for _, name := range lacking {
		if c.lacks == nil {
			c.lacks = make(map[Field]error)
		}
		c.lacks[Field(name)] = r.from.notUnderstood("the conversation's " + name + " is missing, or has another form than documented")
	}
}

// NewConversation is what CreateConversation sends. Limits (OpenAPI: POST
// /conversations): ExternalID and Name 256 characters; at most 20 distinct tags
// of 64 characters, 10 users, 10 teams and 100 custom attributes.
type NewConversation struct {
	CustomerID    string         `json:"customer"` // required
	ExternalID    string         `json:"externalId,omitempty"`
	Name          string         `json:"name,omitempty"`
	Status        string         `json:"status,omitempty"`    // open or done
	Priority      int            `json:"priority,omitempty"`  // 1 to 5
	Direction     string         `json:"direction,omitempty"` // in or out
	Tags          []string       `json:"tags,omitempty"`      // names; unknown ones are created
	AssignedUsers []string       `json:"assignedUsers,omitempty"`
	AssignedTeams []string       `json:"assignedTeams,omitempty"`
	Custom        map[string]any `json:"custom,omitempty"`
	// ImportedAt marks a conversation about the past and is its time. Imported
	// conversations do not count for the limit per customer (OpenAPI, POST /conversations).
	ImportedAt *time.Time `json:"importedAt,omitempty"`
}

// ConversationUpdate is what UpdateConversation changes. Zero fields keep their value,
// and at least one must be set. A list replaces the existing one; a pointer to a nil or
// empty list clears it. Limits as in NewConversation.
type ConversationUpdate struct {
	Name          *string   `json:"name,omitempty"`
	Status        string    `json:"status,omitempty"` // open, snoozed or done
	Priority      int       `json:"priority,omitempty"`
	Direction     string    `json:"direction,omitempty"`
	Tags          *[]string `json:"tags,omitempty"` // AddTags and RemoveTags leave the others alone
	AssignedUsers *[]string `json:"assignedUsers,omitempty"`
	AssignedTeams *[]string `json:"assignedTeams,omitempty"`
	// Custom sets the named attributes; a nil value clears one (developer site,
	// Custom attributes). That other attributes are kept is inferred.
	Custom map[string]any `json:"custom,omitempty"`
	// Rev makes the update conditional on the revision last read: if it has changed
	// since, the update fails with a Conflict (developer site, Errors).
	Rev *int `json:"rev,omitempty"`
}

// Conversation reads a conversation. OpenAPI: GET /conversations/{id}.
func (c *Client) Conversation(ctx context.Context, id string) (*Conversation, error) {
	return one[Conversation](ctx, c, call{
		op: "read conversation", method: http.MethodGet, shadowed: true,
		route: conversationRoute, params: map[string]string{"id": id},
	})
}

// ConversationByExternalID finds the one conversation created with this external id. It
// fails with NotFound if there is none. That it finds a conversation immediately after
// its creation is inferred. OpenAPI: GET /conversations/externalId={externalId}.
func (c *Client) ConversationByExternalID(ctx context.Context, externalID string) (*Conversation, error) {
	return one[Conversation](ctx, c, call{
		op: "find conversation by external id", method: http.MethodGet, shadowed: true,
		route: "/v1/conversations/externalId={externalId}", params: map[string]string{"externalId": externalID},
	})
}

// CustomerConversations lists a customer's conversations since from, or all of them if
// from is zero, with one request for every 100. The time is rounded down to the second.
// That it is compared with CreatedAt is inferred. The order is not documented.
// OpenAPI: GET /customers/{id}/conversations.
func (c *Client) CustomerConversations(ctx context.Context, customerID string, from time.Time) ([]Conversation, error) {
	query := url.Values{}
	if !from.IsZero() {
		query.Set("fromDate", from.UTC().Format(time.RFC3339))
	}
	return all[Conversation](ctx, c, call{
		op: "list conversations of customer", method: http.MethodGet, shadowed: true,
		route: "/v1/customers/{id}/conversations", params: map[string]string{"id": customerID}, query: query.Encode(),
	})
}

// CreateConversation opens a conversation. External ids are unique, so a second
// conversation with the same one is refused, presumably as a Conflict (the status is
// not documented): look it up after any refusal. OpenAPI: POST /conversations.
func (c *Client) CreateConversation(ctx context.Context, in NewConversation) (*Conversation, error) {
	return one[Conversation](ctx, c, call{
		op: "create conversation", method: http.MethodPost, route: "/v1/conversations", body: in,
	})
}

// UpdateConversation changes the fields that are set and keeps the others.
// OpenAPI: PUT /conversations/{id}, which is partial unless replace=true.
func (c *Client) UpdateConversation(ctx context.Context, id string, in ConversationUpdate) (*Conversation, error) {
	for _, list := range []**[]string{&in.Tags, &in.AssignedUsers, &in.AssignedTeams} {
		if *list != nil && **list == nil { // would be encoded as null, which the schema does not allow
			*list = &[]string{}
		}
	}
	return c.changed(ctx, call{
		op: "update conversation", method: http.MethodPut,
		route: conversationRoute, params: map[string]string{"id": id}, body: in,
	})
}

// newOwner is what MoveConversation sends.
type newOwner struct {
	CustomerID string `json:"customer"`
}

// MoveConversation assigns a conversation to another customer. OpenAPI: PUT
// /conversations/{id} with the customer as the only field of the body.
func (c *Client) MoveConversation(ctx context.Context, id, customerID string) (*Conversation, error) {
	return c.changed(ctx, call{
		op: "move conversation", method: http.MethodPut,
		route: conversationRoute, params: map[string]string{"id": id}, body: newOwner{customerID},
	})
}

// changed sends a write of a conversation. The write is done when Kustomer reports
// success; no field of the answer has to be understood.
func (c *Client) changed(ctx context.Context, in call) (*Conversation, error) {
	got, err := c.do(ctx, in)
	if err != nil {
		return nil, err
	}
	shown := resource{from: got}
	if items, ok := got.items(); ok && len(items) > 0 {
		shown = items[0]
	}
	var is Conversation
	_ = is.read(&shown) // fails only without an id, which the caller has
	return &is, nil
}
