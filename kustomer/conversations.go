package kustomer

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"time"
)

// Conversation is a thread on one customer's timeline.
type Conversation struct {
	ID            string         `json:"-"`
	CustomerID    string         `json:"-"`
	ExternalID    string         `json:"externalId"`
	Name          string         `json:"name"`      // the subject that agents see
	Status        string         `json:"status"`    // open, snoozed or done
	Direction     string         `json:"direction"` // in or out
	Priority      int            `json:"priority"`  // 1 (lowest) to 5; 0 when not told
	Tags          []string       `json:"tags"`      // ids, although names are written
	AssignedUsers []string       `json:"assignedUsers"`
	AssignedTeams []string       `json:"assignedTeams"`
	Custom        map[string]any `json:"custom"`
	Rev           int            `json:"rev"` // grows with every change; see ConversationUpdate.Rev
	NoteCount     int            `json:"noteCount"`
	CreatedAt     time.Time      `json:"createdAt"`
	UpdatedAt     time.Time      `json:"updatedAt"`
	// MergedTarget is the conversation this one was merged into, if any; updates
	// of the old one then presumably reach nobody (inferred).
	MergedTarget string `json:"-"`
	// Deleted is set on a conversation that was deleted and can still be read.
	// OpenAPI has it in the update's body; on reads it is seen in third-party data only.
	Deleted bool `json:"deleted"`
}

func (c *Conversation) identify(who identity) { c.ID, c.CustomerID = who.id, who.customerID }

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
}

// ConversationUpdate is what UpdateConversation changes; zero fields stay as
// they are, and at least one must be set. The lists replace what is there; a
// pointer to an empty list, nil or not, clears. Limits as in NewConversation.
type ConversationUpdate struct {
	Name          *string   `json:"name,omitempty"`
	Status        string    `json:"status,omitempty"` // open, snoozed or done
	Priority      int       `json:"priority,omitempty"`
	Direction     string    `json:"direction,omitempty"`
	Tags          *[]string `json:"tags,omitempty"` // AddTags and RemoveTags leave the others alone
	AssignedUsers *[]string `json:"assignedUsers,omitempty"`
	AssignedTeams *[]string `json:"assignedTeams,omitempty"`
	// Custom sets the attributes it names, a nil value clears one (developer
	// site, Custom attributes); that others are kept is inferred.
	Custom map[string]any `json:"custom,omitempty"`
	// Rev makes the update conditional on the revision last read: a Conflict
	// when it has changed since (developer site, Errors).
	Rev *int `json:"rev,omitempty"`
}

// Conversation reads a conversation. OpenAPI: GET /conversations/{id}.
func (c *Client) Conversation(ctx context.Context, id string) (*Conversation, error) {
	return conversation(ctx, c, call{
		op: "read conversation", method: http.MethodGet,
		route: "/v1/conversations/{id}", params: map[string]string{"id": id},
	})
}

// ConversationByExternalID finds the one conversation created with this
// external id. NotFound when there is none. That it sees a conversation at once
// after its creation is inferred. OpenAPI: GET /conversations/externalId={externalId}.
func (c *Client) ConversationByExternalID(ctx context.Context, externalID string) (*Conversation, error) {
	return conversation(ctx, c, call{
		op: "find conversation by external id", method: http.MethodGet,
		route: "/v1/conversations/externalId={externalId}", params: map[string]string{"externalId": externalID},
	})
}

// CustomerConversations reads a customer's conversations from a time on, a zero
// time for all of them, one request for every 100. The time is rounded down to
// the second; that it is compared with CreatedAt is inferred, and in which order
// they come is not documented. OpenAPI: GET /customers/{id}/conversations.
func (c *Client) CustomerConversations(ctx context.Context, customerID string, from time.Time) ([]Conversation, error) {
	query := url.Values{}
	if !from.IsZero() {
		query.Set("fromDate", from.UTC().Format(time.RFC3339))
	}
	found, err := all[conversationAttributes](ctx, c, call{
		op: "list conversations of customer", method: http.MethodGet,
		route: "/v1/customers/{id}/conversations", params: map[string]string{"id": customerID}, query: query.Encode(),
	})
	var list []Conversation
	for i := range found {
		list = append(list, *found[i].whole())
	}
	return list, err
}

// CreateConversation opens a conversation. External ids are unique, so a second
// one is refused, presumably as a Conflict (the status is not documented): look
// it up after any refusal. OpenAPI: POST /conversations.
func (c *Client) CreateConversation(ctx context.Context, in NewConversation) (*Conversation, error) {
	return conversation(ctx, c, call{
		op: "create conversation", method: http.MethodPost, route: "/v1/conversations", body: in,
	})
}

// UpdateConversation changes the fields that are set and leaves the others.
// OpenAPI: PUT /conversations/{id}, which is partial unless replace=true.
func (c *Client) UpdateConversation(ctx context.Context, id string, in ConversationUpdate) (*Conversation, error) {
	for _, list := range []**[]string{&in.Tags, &in.AssignedUsers, &in.AssignedTeams} {
		if *list != nil && **list == nil { // would be sent as null, which the schema does not allow
			*list = &[]string{}
		}
	}
	return conversation(ctx, c, call{
		op: "update conversation", method: http.MethodPut,
		route: "/v1/conversations/{id}", params: map[string]string{"id": id}, body: in,
	})
}

// MoveConversation gives a conversation to another customer. OpenAPI: PUT
// /conversations/{id}, whose body then holds the customer and nothing else.
func (c *Client) MoveConversation(ctx context.Context, id, customerID string) (*Conversation, error) {
	return conversation(ctx, c, call{
		op: "move conversation", method: http.MethodPut,
		route: "/v1/conversations/{id}", params: map[string]string{"id": id}, body: map[string]string{"customer": customerID},
	})
}

// conversationAttributes reads mergedTarget in whatever form: it is seen only
// in third-party data, and must not make a conversation unreadable.
type conversationAttributes struct {
	Conversation
	MergedTarget json.RawMessage `json:"mergedTarget"`
}

func conversation(ctx context.Context, c *Client, in call) (*Conversation, error) {
	found, err := one[conversationAttributes](ctx, c, in)
	if err != nil {
		return nil, err
	}
	return found.whole(), nil
}

func (a *conversationAttributes) whole() *Conversation {
	a.Conversation.MergedTarget = idOf(a.MergedTarget)
	return &a.Conversation
}

// idOf reads an id given as a string or as an object that has one.
func idOf(raw json.RawMessage) string {
	var id string
	if json.Unmarshal(raw, &id) == nil {
		return id
	}
	var object struct {
		ID string `json:"id"`
	}
	if json.Unmarshal(raw, &object) != nil {
		return ""
	}
	return object.ID
}
