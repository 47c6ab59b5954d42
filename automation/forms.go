package automation

import (
	"fmt"
	"time"

	"github.com/callthread/callthread/call"
)

// examples are values of the kinds that have a form of their own.
var examples = map[Kind]any{
	Phone:   "+493066665555",
	Instant: time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC),
	Seconds: 95,
	Outcome: call.Missed,
}

// Example is how a placeholder's value may look, in its format. It is empty
// where the value can be any text.
func (p Part) Example() string {
	if example, ok := examples[KindOf(p.Name)]; ok {
		return p.write(example, locale{zone: time.UTC})
	}
	return ""
}

// Form is how a placeholder would write what a text stands for: for "9:00" and
// {call.dateCreated:time} that is "09:00". A placeholder never has a text that
// is not in its own form, nor one that stands for nothing it could have, which
// is when ok is false. Placeholders whose values can be counted have Values instead.
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

// sized is for numbers, which are compared by size: however they are written, they mean the same.
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
