package automation_test

import (
	"testing"

	"github.com/nyaruka/phonenumbers"
	"github.com/stretchr/testify/require"

	"github.com/callthread/callthread/automation"
	"github.com/callthread/callthread/call"
)

// The loader refuses conditions on a text that is not in its form, so every formatted value must be.
func TestFormattedValuesAreInTheirForm(t *testing.T) {
	for _, name := range automation.FormatsOf(automation.Phone) {
		part := automation.Part{Name: "call.from", Format: name}
		set := &automation.Set{Automations: []automation.Automation{{
			Event: call.Inbound, Action: automation.CreateConversation, Options: automation.Options{Name: automation.Template{part}},
		}}}
		for region := range phonenumbers.GetSupportedRegions() {
			number := phonenumbers.GetExampleNumber(region)
			for _, country := range []string{"", "DE", region} {
				for _, how := range []phonenumbers.PhoneNumberFormat{phonenumbers.E164, phonenumbers.INTERNATIONAL, phonenumbers.NATIONAL} {
					opening, _ := set.In(country).Open(call.Facts{Leg: call.Leg{From: phonenumbers.Format(number, how)}})
					form, ok := part.Form(opening.Name)
					require.True(t, ok)
					require.Equal(t, opening.Name, form, "%s of %s in %s", name, region, country)
				}
			}
		}
	}
}
