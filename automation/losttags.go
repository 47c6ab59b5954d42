package automation

import (
	"slices"

	"github.com/callthread/callthread/call"
)

// LostTags are the tags of calls that nobody has answered yet, and so of those that
// were lost: the ones that the opening gives and a pick-up removes. Tags with
// placeholders are not among them, because they may be another call's.
func (s *Set) LostTags() (tags []string) {
	var given, removed []Template
	for _, a := range s.Automations {
		switch {
		case Begins(a.Event):
			given = append(given, slices.Concat(a.Options.Tags, a.Options.SetTags)...)
		case a.Event == call.Bridged:
			removed = append(removed, a.Options.RemoveTags...)
		}
	}
	names := literals(given)
	for _, number := range s.Numbers {
		names = append(names, number.Tags...)
	}
	for _, tag := range union(nil, literals(removed)) {
		if slices.Contains(names, tag) {
			tags = append(tags, tag)
		}
	}
	return tags
}
