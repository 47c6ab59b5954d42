package automation

import "regexp"

// Kustomer's limits, the lengths in characters (OpenAPI, POST /conversations,
// …/notes and …/messages; of custom attributes of type Str and Txt, for which
// its developer site gives none).
const (
	MaxName      = 256
	MaxNote      = 10240
	MaxSubject   = 256
	MaxPreview   = 10240
	MaxText      = 1024
	MaxTags      = 20
	MaxAssignees = 10
)

var (
	// OpenAPI: items of tags on conversations.
	tagPattern = regexp.MustCompile(`^[0-9a-zA-ZÀ-ÿ_/<>\-.][0-9a-zA-ZÀ-ÿ _/<>\-.]{0,63}$`)
	// OpenAPI: format object-id, 24 hexadecimal digits.
	objectIDPattern = regexp.MustCompile(`^[0-9a-fA-F]{24}$`)
)

// IsTag reports whether Kustomer takes a text as a tag.
func IsTag(text string) bool { return tagPattern.MatchString(text) }

// IsObjectID reports whether a text has the form of Kustomer's ids.
func IsObjectID(text string) bool { return objectIDPattern.MatchString(text) }
