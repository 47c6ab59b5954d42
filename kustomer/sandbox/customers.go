package sandbox

import (
	"net/http"
	"net/url"
	"slices"
	"time"
)

func (s *Server) createCustomer(r request) answer {
	if broke := s.schemas.customer.check(r.body); broke != nil {
		return invalid(*broke)
	}
	body := r.body.(object)
	now := s.now()
	c := &Customer{
		Name:         field(body, "name"),
		ExternalID:   field(body, "externalId"),
		Phones:       contactValues(body["phones"], "phone"),
		SharedPhones: contactValues(body["sharedPhones"], "phone"),
		Emails:       contactValues(body["emails"], "email"),
		CreatedAt:    now,
	}
	// That a second customer with the value is rejected is documented; 409 is inferred.
	for _, key := range contactsOf(c) {
		if _, taken := s.store.contacts[key]; taken {
			return conflict("Another customer has this " + key.kind + ".")
		}
	}
	c.ID = s.ids.next(now)
	s.store.addCustomer(c)
	return one(http.StatusCreated, s.customerResource(c))
}

func (s *Server) getCustomer(r request) answer {
	c, found := s.store.customerByID[r.arg]
	if !found {
		return notFound()
	}
	return one(http.StatusOK, s.customerResource(c))
}

// customerByPhone finds the customer whose own number it is, otherwise those who share
// it: one as an object, several as an array. Nothing documents that shared numbers are
// found, or in which order; that an array may come is seen in a third-party client.
func (s *Server) customerByPhone(r request) answer {
	key := phoneContact(r.arg)
	sharing := s.store.sharing[key]
	if _, owned := s.store.contacts[key]; owned || len(sharing) == 0 {
		return s.customerByContact(key)
	}
	var found []object
	for _, c := range sharing {
		found = append(found, s.customerResource(c))
	}
	if len(found) == 1 {
		return one(http.StatusOK, found[0])
	}
	return reply(http.StatusOK, object{"data": found})
}

func (s *Server) customerByEmail(r request) answer {
	return s.customerByContact(contact{"email", r.arg})
}

func (s *Server) customerByExternalID(r request) answer {
	return s.customerByContact(contact{"externalId", r.arg})
}

func (s *Server) customerByContact(key contact) answer {
	c, found := s.store.contacts[key]
	if !found {
		return lookupMissed(key.kind)
	}
	return one(http.StatusOK, s.customerResource(c))
}

// listConversations compares fromDate with the time of creation and counts that time
// itself in. The vendor says neither (inferred).
func (s *Server) listConversations(r request) answer {
	customer, found := s.store.customerByID[r.arg]
	if !found {
		return notFound()
	}
	if unknown := onlyKnows(r, "fromDate"); unknown != nil {
		return invalid(*unknown)
	}
	from, broke := fromDate(r.query)
	if broke != nil {
		return invalid(*broke)
	}
	var own []object
	for _, c := range s.store.conversations {
		if c.CustomerID == customer.ID && !c.Deleted && !c.CreatedAt.Before(from) {
			own = append(own, s.conversationResource(c))
		}
	}
	return page(r, own, pageLimit)
}

func fromDate(query url.Values) (time.Time, *violation) {
	if !query.Has("fromDate") {
		return time.Time{}, nil
	}
	from, err := time.Parse(time.RFC3339Nano, query.Get("fromDate"))
	if err != nil {
		return from, &violation{parameter: "fromDate", title: "Format validation failed (expected date-time)"}
	}
	return from, nil
}

// contactValues reads the phones or e-mails of a checked body. Their type and verified
// flag are checked but not kept.
func contactValues(v any, name string) []string {
	out := []string{}
	items, _ := v.([]any)
	for _, item := range items {
		out = append(out, item.(object)[name].(string))
	}
	return out
}

// displayName falls back on what is known of the customer (inferred).
func displayName(c *Customer) string {
	for _, name := range slices.Concat([]string{c.Name}, c.Phones, c.Emails) {
		if name != "" {
			return name
		}
	}
	return "Unknown customer"
}

func (s *Server) customerResource(c *Customer) object {
	path := "/v1/customers/" + c.ID
	emails := []object{}
	for _, e := range c.Emails {
		emails = append(emails, object{"email": e, "type": "home", "verified": false, "id": nil})
	}
	counts := map[string]int{"all": 0, "open": 0, "snoozed": 0, "done": 0}
	for _, conversation := range s.store.conversations {
		if conversation.CustomerID == c.ID && !conversation.Deleted {
			counts["all"]++
			counts[conversation.Status]++
		}
	}
	attributes := object{
		"name": c.Name, "displayName": displayName(c), "displayColor": "blue", "displayIcon": "compass",
		"phones": phoneObjects(c.Phones), "sharedPhones": phoneObjects(c.SharedPhones), "emails": emails, "sharedEmails": []object{},
		"externalIds": []object{}, "sharedExternalIds": []object{}, "tags": []string{},
		"createdAt": stamp(c.CreatedAt), "updatedAt": stamp(c.CreatedAt), "modifiedAt": stamp(c.CreatedAt),
		"conversationCounts": counts, "verified": false, "rev": 1,
	}
	if c.ExternalID != "" {
		attributes["externalId"] = c.ExternalID
		attributes["externalIds"] = []object{{"externalId": c.ExternalID, "verified": true, "id": nil}}
	}
	return object{
		"type": "customer", "id": c.ID, "attributes": attributes, "links": self(path),
		"relationships": object{
			"org":        related("org", "/v1/orgs/", orgID),
			"messages":   object{"links": self(path + "/messages")},
			"createdBy":  related("user", "/v1/users/", machineUser.ID),
			"modifiedBy": related("user", "/v1/users/", machineUser.ID),
		},
	}
}

func phoneObjects(numbers []string) []object {
	out := []object{}
	for _, number := range numbers {
		out = append(out, object{"phone": number, "type": "mobile", "verified": false, "id": nil})
	}
	return out
}
