package automation

import (
	"slices"

	"github.com/callthread/callthread/call"
)

// LostTags returns the tags of calls that no agent has answered, which lost calls keep: the tags
// that the opening adds and a pick-up removes. Tags with placeholders are left out, because
// another call may have set them.
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
