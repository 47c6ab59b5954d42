package sandbox

import (
	"maps"
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
	// That a duplicate value is rejected is documented; the 409 is inferred.
	for _, key := range contactsOf(c) {
		if _, taken := s.store.contacts[key]; taken {
			return conflict("Another customer has this "+key.kind+".", key.kind)
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

// customerByPhone finds the owner of a number, or the customers who share it: one as an
// object, several as an array. That shared numbers are found, and their order, are not
// documented; the array is seen in a third-party client.
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

// listConversations compares fromDate with the creation time, inclusively. Both are
// inferred; the vendor does not document them.
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

// contactValues reads the phones or e-mails of a valid body. Their type and verified flag
// are not stored.
func contactValues(v any, name string) []string {
	out := []string{}
	items, _ := v.([]any)
	for _, item := range items {
		out = append(out, item.(object)[name].(string))
	}
	return out
}

// displayName falls back to a phone number or an e-mail address (inferred).
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
	externalIDs := []object{}
	if c.ExternalID != "" {
		externalIDs = append(externalIDs, object{"externalId": c.ExternalID, "verified": true, "id": nil})
	}
	attributes := object{
		"name": c.Name, "displayName": displayName(c), "externalId": c.ExternalID, "externalIds": externalIDs,
		"phones": phoneObjects(c.Phones), "sharedPhones": phoneObjects(c.SharedPhones), "emails": emails,
		"createdAt": stamp(c.CreatedAt), "updatedAt": stamp(c.CreatedAt), "modifiedAt": stamp(c.CreatedAt), "rev": 1,
	}
	maps.Copy(attributes, unmodelled(c))
	maps.Copy(attributes, s.historyOf(c))
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

// unmodelled returns attributes that the OpenAPI requires of a customer and that the
// sandbox does not use. The values for an ordinary customer are inferred.
func unmodelled(c *Customer) object {
	attributes := object{
		"displayColor": "blue", "displayIcon": "compass", "gender": "", "locale": "", "defaultLang": "en_us",
		"presence": "offline", "verified": false,
		"sentiment":      object{"polarity": 0, "confidence": 0},
		"recentLocation": object{"updatedAt": stamp(c.CreatedAt)},
	}
	for _, name := range []string{"sharedEmails", "sharedExternalIds", "socials", "sharedSocials", "urls", "locations", "activeUsers", "watchers", "tags"} {
		attributes[name] = []string{}
	}
	for _, name := range []string{"signedUpAt", "avatarUrl", "username", "timeZone", "birthdayAt"} {
		attributes[name] = nil
	}
	for _, name := range []string{"lastSeenAt", "lastActivityAt", "lastCustomerActivityAt"} {
		attributes[name] = stamp(c.CreatedAt)
	}
	return attributes
}

// historyOf returns the customer attributes that summarise the customer's conversations.
func (s *Server) historyOf(c *Customer) object {
	counts := map[string]int{"all": 0, "open": 0, "snoozed": 0, "done": 0}
	last := object{"id": "", "sentiment": object{"polarity": 0, "confidence": 0}, "tags": []string{}}
	status, messageIn := "", object{"sentAt": "", "sentiment": nil}
	preview := object{"previewAt": "", "type": "", "text": "", "subject": ""}
	for _, conversation := range s.store.conversations {
		if conversation.CustomerID != c.ID || conversation.Deleted {
			continue
		}
		counts["all"]++
		counts[conversation.Status]++
		last["id"], last["tags"], status = conversation.ID, s.store.tagIDs(conversation.Tags), conversation.Status
		for _, m := range conversation.Messages {
			preview = object{"previewAt": stamp(m.SentAt), "type": "message_" + m.Direction, "text": m.Preview, "subject": m.Subject}
			if m.Direction == "in" {
				messageIn["sentAt"] = stamp(m.SentAt)
			}
		}
	}
	return object{
		"conversationCounts": counts, "lastConversation": last, "progressiveStatus": status, "lastMessageIn": messageIn, "preview": preview,
	}
}

func phoneObjects(numbers []string) []object {
	out := []object{}
	for _, number := range numbers {
		out = append(out, object{"phone": number, "type": "mobile", "verified": false, "id": nil})
	}
	return out
}
