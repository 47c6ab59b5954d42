package automation

import (
	"fmt"
	"time"

	"github.com/callthread/callthread/call"
)

// examples are values of the kinds that have their own form.
var examples = map[Kind]any{
	Phone:   "+493066665555",
	Instant: time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC),
	Seconds: 95,
	Outcome: call.Missed,
}

// Example returns an example of the placeholder's value in its format, or "" if the value can be
// any text.
func (p Part) Example() string {
	if example, ok := examples[KindOf(p.Name)]; ok {
		return p.write(example, locale{zone: time.UTC})
	}
	return ""
}

// Form returns how the placeholder would write the meaning of a text: "09:00" for "9:00" and
// {call.dateCreated:time}. It returns false if the placeholder cannot have such a value. A
// condition that compares with a text in another form never holds. For placeholders with a
// fixed set of values, see [Part.Values].
func (p Part) Form(text string) (form string, ok bool) {
	switch {
	case p.Format != "":
		return formats[p.Format].form(text)
	case p.Kind() == Seconds:
		return sized(text)
	case p.Kind() == Instant:
		_, err := time.Parse(time.RFC3339, text)
		return text, err == nil
	}
	return text, true
}

// sized accepts numbers in any form, because they are compared by size.
func sized(text string) (string, bool) {
	n, err := toNumber(text)
	return text, err == nil && n.(float64) >= 0
}

func minutesForm(text string) (string, bool) {
	var minutes, seconds int
	_, err := fmt.Sscanf(text, "%d:%d", &minutes, &seconds)
	return inMinutes(60*minutes + seconds), err == nil
}

func wordsForm(text string) (string, bool) {
	var minutes, seconds int
	if _, err := fmt.Sscanf(text, "%d min %d s", &minutes, &seconds); err == nil {
		return SecondsInWords(60*minutes + seconds), true
	}
	_, err := fmt.Sscanf(text, "%d s", &seconds)
	return SecondsInWords(seconds), err == nil
}
