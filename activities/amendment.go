package activities

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/callthread/callthread/automation"
	"github.com/callthread/callthread/call"
	"github.com/callthread/callthread/kustomer"
	"github.com/callthread/callthread/phone"
)

// Amendment is an operator's change to a step that Kustomer refused. Its fields have the
// names of the automations file. A nil field keeps the value of the automations; an empty
// value is left out of the request.
type Amendment struct {
	// Customer is a Kustomer customer id, or the phone number to look the caller up by. It
	// applies to the opening of a conversation.
	Customer      *string   `json:"customer,omitempty"`
	Name          *string   `json:"name,omitempty"`
	Status        *string   `json:"status,omitempty"`
	Direction     *string   `json:"direction,omitempty"` // only for the opening
	Priority      *int      `json:"priority,omitempty"`
	AssignedUsers *[]string `json:"assignedUsers,omitempty"`
	AssignedTeams *[]string `json:"assignedTeams,omitempty"`
	// Tags are the tags that the conversation is opened with, or that an update adds.
	Tags       *[]string `json:"tags,omitempty"`
	RemoveTags *[]string `json:"removeTags,omitempty"`
	// Custom contains attributes by name. A null value leaves the attribute out.
	Custom map[string]any `json:"custom,omitempty"`
	Note   *string        `json:"note,omitempty"`
}

// UnmarshalJSON refuses unknown fields. A mistyped field would otherwise change nothing,
// and Kustomer would refuse the step again.
func (m *Amendment) UnmarshalJSON(text []byte) error {
	type plain Amendment
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode((*plain)(m)); err != nil {
		return fmt.Errorf("amendment: %w", err)
	}
	return nil
}

// Validate returns an error if the amendment changes nothing, or if Kustomer would refuse a
// part of it.
func (m Amendment) Validate() error {
	texts := m.Customer != nil || m.Name != nil || m.Status != nil || m.Direction != nil || m.Note != nil
	lists := m.AssignedUsers != nil || m.AssignedTeams != nil || m.Tags != nil || m.RemoveTags != nil
	if !texts && !lists && m.Priority == nil && len(m.Custom) == 0 {
		return errors.New("the amendment changes no field: to try again without changes, use retry")
	}
	var change automation.Change
	m.change(&change)
	return cmp.Or(m.checkCustomer(), m.checkDirection(), change.Check())
}

// ValidateFor is like Validate, and also refuses fields that the refused step does not use.
func (m Amendment) ValidateFor(step []call.Cause) error {
	opens := slices.Contains(step, call.Rang)
	switch {
	case opens && m.RemoveTags != nil:
		return errors.New("removeTags: the conversation is not open yet; use tags to set the tags that it is opened with")
	case opens && m.Status != nil && *m.Status != "":
		return cmp.Or(m.Validate(), automation.CheckWord("status", *m.Status, automation.Statuses(true)))
	case !opens && m.Direction != nil:
		return errors.New("direction: the conversation is open, and its direction cannot change")
	case !opens && m.Customer != nil && !slices.Contains(step, call.CustomerIdentified):
		return errors.New("customer: the conversation is open, and this step does not choose its customer")
	}
	return m.Validate()
}

// checkCustomer refuses a value that is neither an id nor a number. Only the worker knows
// the country of a number without a country code.
func (m Amendment) checkCustomer() error {
	if m.Customer == nil || *m.Customer == "" || automation.IsObjectID(*m.Customer) {
		return nil
	}
	if _, err := phone.Parse(*m.Customer, ""); err != nil && !errors.Is(err, phone.ErrNoCountry) {
		return errors.New("customer is neither a Kustomer customer id, which has 24 hexadecimal digits, nor a phone number such as +493023125042")
	}
	return nil
}

func (m Amendment) checkDirection() error {
	if m.Direction == nil {
		return nil
	}
	return automation.CheckWord("direction", *m.Direction, []string{call.In, call.Out})
}

// opening applies the amendment to the conversation to open, and to the facts that identify
// the caller.
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

// change applies the amendment to an update.
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

// note applies the amendment to the last note of a step. An empty note is left out.
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
	maps.Copy(amended, custom)                                                       //workflowcheck:ignore the result is the same in any order
	maps.Copy(amended, m.Custom)                                                     //workflowcheck:ignore as above
	maps.DeleteFunc(amended, func(_ string, value any) bool { return value == nil }) //workflowcheck:ignore as above
	return amended
}

func amend[T any](field *T, to *T) {
	if to != nil {
		*field = *to
	}
}
