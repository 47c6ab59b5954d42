package sandbox

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// store contains what clients have written, oldest first, with indexes for the API's
// look-ups and uniqueness rules.
type store struct {
	customers     []*Customer
	conversations []*Conversation
	customerByID  map[string]*Customer
	contacts      map[contact]*Customer
	sharing       map[contact][]*Customer // by phone number, for numbers in SharedPhones
	byID          map[string]*Conversation
	byExternalID  map[string][]*Conversation // several only with Config.AllowDuplicates
	messages      map[string][]storedMessage // by external id; several as above, or of deleted conversations
	tags          []tag
}

// contact is a value that at most one customer of the organisation may have.
type contact struct {
	kind, value string // kind: phone, email or externalId
}

// storedMessage is a message that can be looked up. It is never changed.
type storedMessage struct {
	Message
	conversationID string
}

// tag names are compared exactly; whether Kustomer ignores case is unknown.
type tag struct {
	id, name  string
	createdAt time.Time
}

func newStore() store {
	return store{
		customerByID: map[string]*Customer{},
		contacts:     map[contact]*Customer{},
		byID:         map[string]*Conversation{},
		byExternalID: map[string][]*Conversation{},
		sharing:      map[contact][]*Customer{},
		messages:     map[string][]storedMessage{},
	}
}

// phoneContact treats +1555… and 1555… as one number: the vendor's examples have both forms.
func phoneContact(number string) contact {
	return contact{"phone", strings.TrimPrefix(number, "+")}
}

// contactsOf lists the customer's values that must be unique.
func contactsOf(c *Customer) []contact {
	var out []contact
	for _, p := range c.Phones {
		out = append(out, phoneContact(p))
	}
	for _, e := range c.Emails {
		out = append(out, contact{"email", e})
	}
	if c.ExternalID != "" {
		out = append(out, contact{"externalId", c.ExternalID})
	}
	return out
}

func (st *store) addCustomer(c *Customer) {
	st.customers = append(st.customers, c)
	st.customerByID[c.ID] = c
	for _, key := range contactsOf(c) {
		st.contacts[key] = c
	}
	for _, p := range c.SharedPhones {
		if key := phoneContact(p); !slices.Contains(st.sharing[key], c) {
			st.sharing[key] = append(st.sharing[key], c)
		}
	}
}

// put adds the conversation, or replaces the one with the same id.
func (st *store) put(c Conversation) *Conversation {
	stored, known := st.byID[c.ID]
	if known {
		st.byExternalID[stored.ExternalID] = slices.DeleteFunc(st.byExternalID[stored.ExternalID],
			func(holder *Conversation) bool { return holder == stored })
		*stored = c
	} else {
		stored = &c
		st.conversations = append(st.conversations, stored)
		st.byID[c.ID] = stored
	}
	if c.ExternalID != "" && !c.Deleted {
		st.byExternalID[c.ExternalID] = append(st.byExternalID[c.ExternalID], stored)
	}
	return stored
}

// conversation finds a conversation that the API shows. Deleted ones are kept for State only.
func (st *store) conversation(id string) (*Conversation, bool) {
	c, found := st.byID[id]
	if !found || c.Deleted {
		return nil, false
	}
	return c, true
}

// holder returns the oldest conversation with the external id; ids sort by creation time.
func (st *store) holder(externalID string) (*Conversation, bool) {
	holders := st.byExternalID[externalID]
	if len(holders) == 0 {
		return nil, false
	}
	return slices.MinFunc(holders, func(a, b *Conversation) int { return strings.Compare(a.ID, b.ID) }), true
}

func (st *store) addMessage(c *Conversation, m Message) {
	if m.ExternalID != "" {
		st.messages[m.ExternalID] = append(st.messages[m.ExternalID], storedMessage{m, c.ID})
	}
}

// message finds the oldest message with the external id, and its conversation. A message
// of a deleted conversation is not found (inferred).
func (st *store) message(externalID string) (*Conversation, Message, bool) {
	for _, held := range st.messages[externalID] {
		if c, found := st.conversation(held.conversationID); found {
			return c, held.Message, true
		}
	}
	return nil, Message{}, false
}

func (st *store) tagNamed(name string) (tag, bool) {
	i := slices.IndexFunc(st.tags, func(t tag) bool { return t.name == name })
	if i < 0 {
		return tag{}, false
	}
	return st.tags[i], true
}

// tagNames converts names and ids, which the API accepts in one list, to names.
func (st *store) tagNames(values []string) []string {
	names := []string{}
	for _, v := range values {
		if i := slices.IndexFunc(st.tags, func(t tag) bool { return t.id == v }); i >= 0 {
			v = st.tags[i].name
		}
		if !slices.Contains(names, v) {
			names = append(names, v)
		}
	}
	return names
}

// tagIDs converts names to the ids that the API answers with.
func (st *store) tagIDs(names []string) []string {
	ids := []string{}
	for _, name := range names {
		t, _ := st.tagNamed(name)
		ids = append(ids, t.id)
	}
	return ids
}

// idSource makes object ids as MongoDB does: seconds, a process value, a counter. They sort
// by creation time.
type idSource struct {
	process uint64
	counter uint32
}

func (i *idSource) next(now time.Time) string {
	i.counter++
	return fmt.Sprintf("%08x%010x%06x", uint32(now.Unix()), i.process, i.counter&0xffffff)
}
