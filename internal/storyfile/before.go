package storyfile

import (
	"cmp"
	"fmt"
	"strings"
	"time"

	"github.com/callthread/callthread/kustomer/sandbox"
)

// Customer is a customer who existed in Kustomer before the call.
type Customer struct {
	Name string `yaml:"customer"`
	// Number is the customer's own number. Shares is a number that other customers have too.
	Number        string    `yaml:"number"`
	Shares        string    `yaml:"shares"`
	Conversations []Earlier `yaml:"conversations"`
}

// Earlier is a conversation that a customer had before the call.
type Earlier struct {
	Name   string        `yaml:"name"`
	Ago    time.Duration `yaml:"opened before"`
	Status string        `yaml:"status"`
	Tags   []string      `yaml:"tags"`
	// Assigned contains users by name.
	Assigned []string `yaml:"assigned"`
	// Mail is set if the conversation was not a call.
	Mail bool `yaml:"mail"`
}

// Held returns what Kustomer holds before a call that begins at the given time. Each customer
// is a day newer than the one before.
func (s Story) Held(began time.Time) (customers []sandbox.Customer, conversations []sandbox.Conversation) {
	for i, one := range s.Before {
		customer := sandbox.Customer{ID: objectID("33", i), Name: one.Name, CreatedAt: began.AddDate(-1, 0, i)}
		if one.Number != "" {
			customer.Phones = []string{one.Number}
		}
		if one.Shares != "" {
			customer.SharedPhones = []string{one.Shares}
		}
		customers = append(customers, customer)
		for n, had := range one.Conversations {
			conversation := had.held(began)
			conversation.ID, conversation.CustomerID = objectID("44", len(conversations)), customer.ID
			if !had.Mail {
				conversation.ExternalID = fmt.Sprintf("babelforce:earlier-%d", n+1)
			}
			conversations = append(conversations, conversation)
		}
	}
	return customers, conversations
}

func (e Earlier) held(began time.Time) sandbox.Conversation {
	at := began.Add(-e.Ago)
	held := sandbox.Conversation{
		Name: e.Name, Status: cmp.Or(e.Status, "open"), Direction: "in", Tags: e.Tags, CreatedAt: at, UpdatedAt: at,
	}
	for _, name := range e.Assigned {
		held.AssignedUsers = append(held.AssignedUsers, UserOf(name))
	}
	return held
}

// WithIDs replaces names in a text by Kustomer's ids: <Amira>, <team Billing>, <customer
// Switchboard>.
func (s Story) WithIDs(text string) string {
	for _, name := range Users {
		text = strings.ReplaceAll(text, "<"+name+">", UserOf(name))
	}
	for _, name := range Teams {
		text = strings.ReplaceAll(text, "<team "+name+">", TeamOf(name))
	}
	for i, one := range s.Before {
		text = strings.ReplaceAll(text, "<customer "+one.Name+">", objectID("33", i))
	}
	return text
}
