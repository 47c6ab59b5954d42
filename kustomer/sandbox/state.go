package sandbox

import (
	"maps"
	"slices"
	"time"
)

// State is a copy of the sandbox's data, oldest first.
type State struct {
	Customers     []Customer     `json:"customers"`
	Conversations []Conversation `json:"conversations"`
	// Requests counts the API requests by "METHOD /v1/route/{template}", including refused
	// ones. Requests without a route are counted as "unmatched".
	Requests     map[string]int `json:"requests"`
	RequestTotal int            `json:"requestTotal"`
	// Writes counts the API requests other than GET, including refused ones, by the id of
	// the key's user.
	Writes map[string]int `json:"writes"`
	// Disturbed counts the API requests to which a fault applied, by its kind. A
	// FaultStatus is counted with its status, as in "status 503".
	Disturbed map[string]int `json:"disturbed"`
}

// Customer is a person who calls. Phones are kept as written.
type Customer struct {
	ID           string    `json:"id"`
	Name         string    `json:"name"`
	ExternalID   string    `json:"externalId"`
	Phones       []string  `json:"phones"`
	SharedPhones []string  `json:"sharedPhones"` // other customers may have them too
	Emails       []string  `json:"emails"`
	CreatedAt    time.Time `json:"createdAt"`
}

// Conversation is a conversation as an agent sees it: Tags are names, whereas the API
// answers with ids. Log records every write.
type Conversation struct {
	ID            string         `json:"id"`
	CustomerID    string         `json:"customerId"`
	CreatedBy     string         `json:"createdBy"` // user id; empty means the user of Config.APIKey
	ExternalID    string         `json:"externalId"`
	Name          string         `json:"name"`
	Status        string         `json:"status"`    // open, snoozed or done
	Direction     string         `json:"direction"` // in or out
	Priority      int            `json:"priority"`  // 1 (lowest) to 5, 0 if never set
	Tags          []string       `json:"tags"`
	AssignedUsers []string       `json:"assignedUsers"` // user ids
	AssignedTeams []string       `json:"assignedTeams"` // team ids
	Custom        map[string]any `json:"custom"`
	Rev           int            `json:"rev"` // starts at 1, increases with every write
	Notes         []Note         `json:"notes"`
	Messages      []Message      `json:"messages"`
	CreatedAt     time.Time      `json:"createdAt"`
	UpdatedAt     time.Time      `json:"updatedAt"`
	ImportedAt    time.Time      `json:"importedAt,omitzero"`
	MergedInto    string         `json:"mergedInto,omitempty"` // id of another conversation, see Server.Merge
	Deleted       bool           `json:"deleted,omitempty"`    // the API answers 404
	Log           []Change       `json:"log"`
}

// Note is an internal note of a conversation.
type Note struct {
	ID         string    `json:"id"`
	ExternalID string    `json:"externalId"`
	Body       string    `json:"body"`
	CreatedAt  time.Time `json:"createdAt"`
}

// Message is one communication on a conversation's timeline, such as a call.
type Message struct {
	ID         string         `json:"id"`
	ExternalID string         `json:"externalId"`
	Channel    string         `json:"channel"`   // such as voice
	App        string         `json:"app"`       // the integration that wrote it
	Direction  string         `json:"direction"` // in or out
	Status     string         `json:"status"`    // sent, received or error
	Subject    string         `json:"subject"`
	Preview    string         `json:"preview"`
	Meta       map[string]any `json:"meta"` // decoded JSON, as written
	SentAt     time.Time      `json:"sentAt"`
	CreatedAt  time.Time      `json:"createdAt"`
}

// Change is one write to a conversation, as a text.
type Change struct {
	At   time.Time `json:"at"`
	What string    `json:"what"`
}

// State returns a deep copy of the sandbox's data. Changes to it do not affect the sandbox.
func (s *Server) State() State {
	s.mu.Lock()
	defer s.mu.Unlock()
	state := State{
		Customers:     make([]Customer, 0, len(s.store.customers)),
		Conversations: make([]Conversation, 0, len(s.store.conversations)),
		Requests:      maps.Clone(s.requests),
		RequestTotal:  s.requestTotal,
		Writes:        maps.Clone(s.writes),
		Disturbed:     maps.Clone(s.disturbed),
	}
	for _, c := range s.store.customers {
		state.Customers = append(state.Customers, c.clone())
	}
	for _, c := range s.store.conversations {
		state.Conversations = append(state.Conversations, c.clone())
	}
	return state
}

func (c Customer) clone() Customer {
	c.Phones = slices.Clone(c.Phones)
	c.SharedPhones = slices.Clone(c.SharedPhones)
	c.Emails = slices.Clone(c.Emails)
	return c
}

func (c Conversation) clone() Conversation {
	c.Tags = slices.Clone(c.Tags)
	c.AssignedUsers = slices.Clone(c.AssignedUsers)
	c.AssignedTeams = slices.Clone(c.AssignedTeams)
	c.Custom = maps.Clone(c.Custom) // its values are strings, numbers and booleans
	c.Notes = slices.Clone(c.Notes)
	c.Messages = slices.Clone(c.Messages)
	for i, m := range c.Messages {
		c.Messages[i].Meta = cloneJSON(m.Meta).(object)
	}
	c.Log = slices.Clone(c.Log)
	return c
}

func cloneJSON(v any) any {
	switch v := v.(type) {
	case object:
		out := make(object, len(v))
		for name, value := range v {
			out[name] = cloneJSON(value)
		}
		return out
	case []any:
		out := make([]any, 0, len(v))
		for _, item := range v {
			out = append(out, cloneJSON(item))
		}
		return out
	}
	return v
}
