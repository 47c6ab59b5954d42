// Package personal provides calls whose callers and agents have names and numbers that occur
// nowhere else, and searches texts for them.
package personal

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"slices"
	"strings"

	"github.com/callthread/callthread/kustomer/sandbox"
	"github.com/callthread/callthread/testsuite/stage"
)

// The words that identify people. Kustomer's error contains one, and an operator writes two.
const (
	Callers    = "4930231257" // all numbers begin with it and have two more digits
	AgentsName = "Quisquilia"
	AgentsMail = "q.uisquilia@marked.example"
	OthersName = "Xanthippe"
	NewName    = "Zwiebelfisch"
	NewNote    = "Kuckucksuhr"
	Remark     = "Blaubart"
	RecordedAt = "recordings.example.com/quokka"
)

// Numbers is how many callers' numbers are searched for, starting with the first.
const Numbers = 9

// kustomersWords is an error message that quotes a person who is not in the request.
const kustomersWords = "The number belongs to " + OthersName + " already."

// Refuse makes Kustomer refuse POST requests with an error that contains a name.
func Refuse(by *sandbox.Server, route string, status, times int) {
	by.Inject(sandbox.Fault{Method: "POST", Route: route, Kind: sandbox.FaultStatus, Status: status, Times: times, Says: kustomersWords})
}

// Call is a call with its caller, and with an agent's name, in every event.
type Call struct{ Key, Number string }

// Leg returns the body up to the fields of the caller's leg, without its last brace.
func (c Call) Leg(fields string) string {
	return fmt.Sprintf(`{"app":{"remark":%q},"call":{"id":%q,"type":"inbound","source":"queue","domain":"external","from":"+%s","to":"+493023125001"%s}`,
		Remark, c.Key, c.Number, fields)
}

// Inbound returns the body for a call that rings.
func (c Call) Inbound() string { return c.Leg("") + "}" }

// Bridged returns the body for an agent who has picked up.
func (c Call) Bridged() string {
	return c.Leg(`,"duration":7`) + fmt.Sprintf(`,"agent":{"id":"4711","name":"Amira %s","email":%q,"sourceId":%q},"queue":{"name":"Support"}}`, AgentsName, AgentsMail, stage.Amira)
}

// Finished returns the body for the end of an answered call.
func (c Call) Finished() string {
	return c.Leg(`,"duration":95,"finishReason":"passive-hangup"`) + "}"
}

// Attempt returns the body for the end of a leg whose agent did not pick up.
func (c Call) Attempt() string {
	return fmt.Sprintf(`{"call":{"id":"%s-c1","parentId":%q,"type":"outbound","source":"queue","domain":"internal","from":"+%s","to":"+493023125011","duration":0,"finishReason":"system-hangup"},"agent":{"id":"4712","name":"Bastian %s"}}`,
		c.Key, c.Key, c.Number, AgentsName)
}

// Placed returns the body for an outbound call, without its last braces.
func (c Call) Placed(fields string) string {
	return fmt.Sprintf(`{"call":{"id":%q,"type":"outbound","source":"api","domain":"external","from":"+493023125001","to":"+%s"%s}`, c.Key, c.Number, fields)
}

// Marks returns the words, and the callers' numbers in every notation.
func Marks() []string {
	marks := []string{AgentsName, AgentsMail, OthersName, NewName, NewNote, Remark, RecordedAt}
	for n := range Numbers {
		number := fmt.Sprintf("%s%02d", Callers, n)                       // 4930231257nn
		marks = append(marks, "+"+number, number, number[2:], number[3:], // the last nine digits
			"0"+number[2:], "00"+number, "030/"+number[4:], "030 "+number[4:], "+49 30 "+number[4:])
	}
	return marks
}

// Legible returns the marks that a text contains: as they are, in any case, or in base64.
func Legible(text []byte) (found []string) {
	folded := bytes.ToLower(text)
	for _, mark := range Marks() {
		if bytes.Contains(folded, []byte(strings.ToLower(mark))) || slices.ContainsFunc(inBase64(mark), func(form string) bool { return bytes.Contains(text, []byte(form)) }) {
			found = append(found, mark)
		}
	}
	return found
}

// inBase64 returns the forms of a text inside a longer text in base64. They depend on the offset of
// the text. Its ends depend on the neighbouring bytes and are left out.
func inBase64(text string) (forms []string) {
	for offset := range 3 {
		form := base64.StdEncoding.EncodeToString([]byte(strings.Repeat(" ", offset) + text))
		begin := []int{0, 2, 3}[offset]
		forms = append(forms, strings.TrimRight(form[begin:], "=")[:(8*len(text)-6)/6])
	}
	return forms
}
