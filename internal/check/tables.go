package check

import (
	"time"

	"github.com/callthread/callthread/automation"
	"github.com/callthread/callthread/call"
	"github.com/callthread/callthread/internal/storyfile"
)

// maxNumbers limits the samples for the file's numbers. Five are enough to see that the table
// works.
const maxNumbers = 5

// ofTables returns the calls that the file's tables are for: one for each number, one from an
// ignored number, and one from a customer who has a lost call.
func (c Call) ofTables(set *automation.Set, numbers []string) (stories []storyfile.Story) {
	add := func(c Call, title string) {
		story := c.answered(set)
		story.Title += ", " + title
		stories = append(stories, story)
	}
	for i, number := range numbers {
		if i == 0 || i >= maxNumbers { // the usual calls are on the first number
			continue
		}
		on := c
		on.To = number
		add(on, "on the number "+set.Numbers[number].Name)
	}
	if ignored, ok := c.ignored(set); ok {
		add(ignored, "which the file ignores")
	}
	if set.Callers.Returning.Resolves {
		add(c, "and has an earlier lost call")
		stories[len(stories)-1].Before = []storyfile.Customer{{
			Name: "Sample", Number: customer,
			Conversations: []storyfile.Earlier{{Name: "The earlier call", Ago: time.Hour, Tags: set.LostTags()}},
		}}
	}
	return stories
}

// ignored is a call that the file ignores; not ok if the file ignores only withheld numbers, or
// none.
func (c Call) ignored(set *automation.Set) (_ Call, ok bool) {
	switch i := set.Ignore; {
	case len(i.Callers) > 0:
		c.From = i.Callers[0]
	case len(i.Prefixes) > 0:
		c.From = beginning(set, i.Prefixes[0])
	case i.Internal:
		c.From = "101"
	case len(i.Called) > 0:
		c.To = i.Called[0]
	default:
		return c, false
	}
	return c, true
}

// beginning is a number with the prefix and the shortest length that such numbers have.
func beginning(set *automation.Set, prefix string) string {
	const digits = "1234567890123"
	for n := range len(digits) {
		if number := prefix + digits[:n]; set.Ignores(call.Facts{Leg: call.Leg{From: number}}) {
			return number
		}
	}
	return prefix
}
