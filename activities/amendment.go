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

// Validate refuses an amendment that changes nothing, and one of which Kustomer
// would refuse a part.
func (m Amendment) Validate() error {
	texts := m.Customer != nil || m.Name != nil || m.Status != nil || m.Direction != nil || m.Note != nil
	lists := m.AssignedUsers != nil || m.AssignedTeams != nil || m.Tags != nil || m.RemoveTags != nil
	if !texts && !lists && m.Priority == nil && len(m.Custom) == 0 {
		return errors.New("the amendment names no field to change: to try again as it is, retry")
	}
	var change automation.Change
	m.change(&change)
	return cmp.Or(m.checkCustomer(), m.checkDirection(), change.Check())
}

// ValidateFor also refuses what the step that Kustomer refused has no use for.
func (m Amendment) ValidateFor(step []call.Cause) error {
	opens := slices.Contains(step, call.Rang)
	switch {
	case opens && m.RemoveTags != nil:
		return errors.New("removeTags: the conversation is not open yet; tags are those that it is opened with")
	case opens && m.Status != nil && *m.Status != "":
		return cmp.Or(m.Validate(), automation.CheckWord("status", *m.Status, automation.Statuses(true)))
	case !opens && m.Direction != nil:
		return errors.New("direction: the conversation is open, and its direction stays")
	case !opens && m.Customer != nil && !slices.Contains(step, call.CustomerIdentified):
		return errors.New("customer: the conversation is open, and this step does not decide whose it is")
	}
	return m.Validate()
}

// checkCustomer refuses what is neither an id nor a number. Which country a
// number is at home in, only the worker knows.
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
