package sandbox

import (
	"maps"
	"regexp"
	"strings"
)

// The vendor's formats. The OpenAPI names object-id and email-relaxed without defining
// them; the phone pattern is the one that it defines for search.
var (
	objectID  = matching("object-id", regexp.MustCompile(`^[0-9a-fA-F]{24}$`))
	phone     = matching("phone-number", regexp.MustCompile(`^\+?[1-9]\d{1,14}$`))
	email     = matching("email", regexp.MustCompile(`^[^@\s]+@[^@\s]+$`))
	tagValue  = matching("tag", regexp.MustCompile(`^[0-9a-zA-ZÀ-ÿ_/<>\-.]{1}[0-9a-zA-ZÀ-ÿ _/<>\-.]{0,63}$`))
	tagValues = list(maxTags, tagValue)
)

// maxTags is the limit of every list of tags in the OpenAPI. That it also limits the
// conversation as a whole, when tags are added, is inferred.
const maxTags = 20

// schemas are the schemas of the request bodies in the vendor's OpenAPI.
type schemas struct {
	customer, conversation, note, message shape

	update shape // of a conversation's attributes
	move   shape // of a conversation to another customer
}

func (s *Server) newSchemas() schemas {
	shared := map[string]rule{
		"externalId":    text(0, 256),
		"name":          text(0, 256),
		"status":        enum("open", "done"),
		"direction":     enum("in", "out"),
		"priority":      integer(1, 5),
		"tags":          tagValues,
		"assignedUsers": list(10, existing(func(id string) bool { _, ok := s.userByID(id); return ok })),
		"assignedTeams": list(10, existing(func(id string) bool { _, ok := s.teamByID(id); return ok })),
		"custom":        s.customSchema().check,
	}
	return schemas{
		customer: customerShape(),
		note:     noteShape(),
		message:  messageShape(),
		conversation: shape{
			fields:     with(shared, map[string]rule{"customer": objectID, "importedAt": formatted("date-time", isDateTime)}),
			required:   []string{"customer"},
			unmodelled: strings.Fields(`id createdAt replyChannel defaultLang queue`),
		},
		update: shape{
			fields: with(shared, map[string]rule{
				"externalId": nullable(text(0, 256)),
				"name":       nullable(text(0, 256)),
				"status":     enum("open", "snoozed", "done"),
				"rev":        number,
			}),
			unmodelled: strings.Fields(`satisfaction satisfactionLevel suggestedShortcuts replyChannel subStatus
				snooze suggestedTags sentiment deleted ended endedAt endedReason endedBy endedByType locked
				defaultLang queue`),
		},
		move: shape{fields: map[string]rule{"customer": objectID}},
	}
}

func customerShape() shape {
	contacts := func(kinds rule, name string, value rule) rule {
		return list(10, shape{
			fields:   map[string]rule{"type": kinds, name: value, "verified": boolean},
			required: []string{name},
		}.check)
	}
	phones := contacts(enum("mobile", "home", "work", "fax", "other"), "phone", phone)
	return shape{
		fields: map[string]rule{
			"name":         nullable(text(0, 256)),
			"externalId":   nullable(text(1, 256)),
			"phones":       phones,
			"sharedPhones": phones,
			"emails":       contacts(enum("home", "work", "other"), "email", email),
		},
		unmodelled: strings.Fields(`company username signedUpAt lastActivityAt lastCustomerActivityAt
			lastSeenAt avatarUrl externalIds sharedExternalIds sharedEmails whatsapps facebookIds
			instagramIds socials sharedSocials urls locations locale timeZone tags sentiment custom birthdayAt
			gender createdAt importedAt rev defaultLang`),
	}
}

func noteShape() shape {
	return shape{
		fields:   map[string]rule{"externalId": text(0, 256), "body": text(1, 10240)},
		required: []string{"body"},
		unmodelled: strings.Fields(`id conversation userMentions attachments createdAt modifiedAt createdBy
			modifiedBy importedAt lang`),
	}
}

func messageShape() shape {
	return shape{
		fields: map[string]rule{
			"externalId": text(0, 256),
			"channel": enum("email", "sms", "chat", "facebook", "twitter-dm", "twitter-tweet", "voice",
				"instagram", "whatsapp"),
			"app":       text(0, maxBody), // the OpenAPI has no limit
			"direction": enum("in", "out"),
			"status":    enum("sent", "received", "error"),
			"subject":   text(0, 256),
			"preview":   text(0, 10240),
			"sentAt":    formatted("date-time", isDateTime),
			"meta":      anyObject(100),
		},
		required: []string{"channel", "app"},
		unmodelled: strings.Fields(`id customer conversation reference size related error errorAt auto source
			shortcuts kbArticles attachments location custom sentiment createdAt modifiedAt createdBy modifiedBy
			importedAt lang queue`),
	}
}

// with returns the rules of base and more. A rule in more replaces the one in base.
func with(base, more map[string]rule) map[string]rule {
	out := maps.Clone(base)
	maps.Copy(out, more)
	return out
}

// existing checks that an object id refers to an object of the organisation. That
// Kustomer refuses other ids with 400 is inferred.
func existing(exists func(id string) bool) rule {
	return func(v any) *violation {
		if broke := objectID(v); broke != nil {
			return broke
		}
		if !exists(v.(string)) {
			return broken("", "Referenced object does not exist")
		}
		return nil
	}
}

// customSchema allows the defined attributes only. What Kustomer does with a well-formed
// but undefined name is unknown for conversations; for KObjects, a 400 was recorded.
func (s *Server) customSchema() shape {
	fields := map[string]rule{}
	for name := range s.attributes {
		fields[name] = nullable(valueRule(name))
	}
	return shape{fields: fields, most: 100}
}

// valueRule returns the rule for the suffix of a custom attribute's name. Attributes with
// other suffixes (Id, Tree) are strings.
func valueRule(name string) rule {
	for suffix, r := range map[string]rule{
		"Num":  number,
		"At":   formatted("date-time", isDateTime),
		"Bool": boolean,
		"Url":  formatted("uri", isURI),
	} {
		if strings.HasSuffix(name, suffix) {
			return r
		}
	}
	return text(0, 1024)
}

// checkUpdate returns nil for a valid body, or one violation for each branch of the
// vendor's oneOf: the attributes, or a new customer as the only field.
func (sc schemas) checkUpdate(body any) []violation {
	attributes, move := sc.update.check(body), sc.move.check(body)
	switch {
	case attributes != nil && move != nil:
		return []violation{*attributes, *move}
	case attributes == nil && move == nil: // {} matches both branches, not exactly one
		return []violation{{title: "Data is valid against more than one schema", path: "/oneOf"}}
	}
	return nil
}
