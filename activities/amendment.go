package activities

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"

	"github.com/callthread/callthread/automation"
	"github.com/callthread/callthread/call"
	"github.com/callthread/callthread/kustomer"
)

// Amendment is what an operator changes about a step that Kustomer refused, in
// the words of the automations file. What it does not name stays as the
// automations have it; what it names as empty is left out.
type Amendment struct {
	// Customer is a Kustomer customer id, or the number to look the caller up by; for the opening of a conversation only.
	Customer      *string   `json:"customer,omitempty"`
	Name          *string   `json:"name,omitempty"`
	Status        *string   `json:"status,omitempty"`
	Direction     *string   `json:"direction,omitempty"` // for the opening only
	Priority      *int      `json:"priority,omitempty"`
	AssignedUsers *[]string `json:"assignedUsers,omitempty"`
	AssignedTeams *[]string `json:"assignedTeams,omitempty"`
	// Tags are those that the conversation is opened with, or that an update adds.
	Tags       *[]string `json:"tags,omitempty"`
	RemoveTags *[]string `json:"removeTags,omitempty"`
	// Custom holds attributes by name; null leaves one out.
	Custom map[string]any `json:"custom,omitempty"`
	Note   *string        `json:"note,omitempty"`
}

// UnmarshalJSON refuses fields that do not exist: a mistyped one would
// otherwise change nothing, and the step be refused once more.
func (m *Amendment) UnmarshalJSON(text []byte) error {
	type plain Amendment
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode((*plain)(m)); err != nil {
		return fmt.Errorf("amendment: %w", err)
	}
	return nil
}

// Validate refuses an amendment that changes nothing.
func (m Amendment) Validate() error {
	texts := m.Customer != nil || m.Name != nil || m.Status != nil || m.Direction != nil || m.Note != nil
	lists := m.AssignedUsers != nil || m.AssignedTeams != nil || m.Tags != nil || m.RemoveTags != nil
	if !texts && !lists && m.Priority == nil && len(m.Custom) == 0 {
		return errors.New("the amendment names no field to change: to try again as it is, retry")
	}
	return nil
}

// opening changes the conversation to be opened, and the facts by which the caller is found.
func (m *Amendment) opening(o *automation.Opening, facts *call.Facts) {
	if m == nil {
		return
	}
	if m.Customer != nil {
		o.Customer = ""
		if automation.IsObjectID(*m.Customer) {
			o.Customer = *m.Customer
		}
		number := &facts.Leg.From
		if facts.Outgoing {
			number = &facts.Leg.To
		}
		*number, facts.Leg.Anonymous = *m.Customer, false
	}
	amend(&o.Name, m.Name)
	amend(&o.Status, m.Status)
	amend(&o.Direction, m.Direction)
	amend(&o.Priority, m.Priority)
	amend(&o.AssignedUsers, m.AssignedUsers)
	amend(&o.AssignedTeams, m.AssignedTeams)
	amend(&o.Tags, m.Tags)
	amend(&o.Note, m.Note)
	o.Custom = m.attributes(o.Custom)
}

// change changes an update.
func (m *Amendment) change(c *automation.Change) {
	if m == nil {
		return
	}
	amend(&c.Name, m.Name)
	amend(&c.Status, m.Status)
	amend(&c.Priority, m.Priority)
	amend(&c.AssignedUsers, m.AssignedUsers)
	amend(&c.AssignedTeams, m.AssignedTeams)
	if m.Tags != nil || m.RemoveTags != nil {
		c.SetTags = nil
	}
	amend(&c.AddTags, m.Tags)
	amend(&c.RemoveTags, m.RemoveTags)
	amend(&c.Note, m.Note)
	c.Custom = m.attributes(c.Custom)
}

// note changes the last of the notes that a step writes: an empty one is left out.
func (m *Amendment) note(notes []kustomer.NewNote) {
	if m != nil && m.Note != nil && len(notes) > 0 {
		notes[len(notes)-1].Body = *m.Note
	}
}

func (m *Amendment) attributes(custom map[string]any) map[string]any {
	if len(m.Custom) == 0 {
		return custom
	}
	amended := make(map[string]any, len(custom)+len(m.Custom))
	maps.Copy(amended, custom)
	maps.Copy(amended, m.Custom)
	maps.DeleteFunc(amended, func(_ string, value any) bool { return value == nil })
	return amended
}

func amend[T any](field *T, to *T) {
	if to != nil {
		*field = *to
	}
}
