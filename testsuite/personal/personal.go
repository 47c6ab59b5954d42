// Package personal has calls whose callers and agents are known by words that
// occur nowhere else, and looks for these words where nobody's name may be.
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

// The words by which people are known. Kustomer says one of them, and an operator writes two.
const (
	Callers    = "4930231257" // all numbers begin with it, and have two digits more
	AgentsName = "Quisquilia"
	AgentsMail = "q.uisquilia@marked.example"
	OthersName = "Xanthippe"
	NewName    = "Zwiebelfisch"
	NewNote    = "Kuckucksuhr"
	Remark     = "Blaubart"
	RecordedAt = "recordings.example.com/quokka"
)

// Numbers is how many callers' numbers are looked for, from the first on.
const Numbers = 9

// kustomersWords are an answer that quotes somebody of whom our request says nothing.
const kustomersWords = "The number belongs to " + OthersName + " already."

// Refuse has Kustomer refuse what is posted, in words that name somebody.
func Refuse(by *sandbox.Server, route string, status, times int) {
	by.Inject(sandbox.Fault{Method: "POST", Route: route, Kind: sandbox.FaultStatus, Status: status, Times: times, Says: kustomersWords})
}

// Call has its caller, and an agent with a name, in every event.
type Call struct{ Key, Number string }

// Leg is a body up to the fields of the caller's leg, without its last brace.
func (c Call) Leg(fields string) string {
	return fmt.Sprintf(`{"app":{"remark":%q},"call":{"id":%q,"type":"inbound","source":"queue","domain":"external","from":"+%s","to":"+493023125001"%s}`,
		Remark, c.Key, c.Number, fields)
}

// Inbound says that it rings.
func (c Call) Inbound() string { return c.Leg("") + "}" }

// Bridged says that the agent has picked up.
func (c Call) Bridged() string {
	return c.Leg(`,"duration":7`) + fmt.Sprintf(`,"agent":{"id":"4711","name":"Amira %s","email":%q,"sourceId":%q},"queue":{"name":"Support"}}`, AgentsName, AgentsMail, stage.Amira)
}

// Finished is the end of the call once it was answered.
func (c Call) Finished() string {
	return c.Leg(`,"duration":95,"finishReason":"passive-hangup"`) + "}"
}

// Attempt is the end of a leg on which an agent was rung in vain.
func (c Call) Attempt() string {
	return fmt.Sprintf(`{"call":{"id":"%s-c1","parentId":%q,"type":"outbound","source":"queue","domain":"internal","from":"+%s","to":"+493023125011","duration":0,"finishReason":"system-hangup"},"agent":{"id":"4712","name":"Bastian %s"}}`,
		c.Key, c.Key, c.Number, AgentsName)
}

// Placed is a body of a call that an agent places, without its last braces.
func (c Call) Placed(fields string) string {
	return fmt.Sprintf(`{"call":{"id":%q,"type":"outbound","source":"api","domain":"external","from":"+493023125001","to":"+%s"%s}`, c.Key, c.Number, fields)
}

// Marks are the words, and the callers' numbers however they are written.
func Marks() []string {
	marks := []string{AgentsName, AgentsMail, OthersName, NewName, NewNote, Remark, RecordedAt}
	for n := range Numbers {
		number := fmt.Sprintf("%s%02d", Callers, n)                       // 4930231257nn
		marks = append(marks, "+"+number, number, number[2:], number[3:], // the last nine digits
			"0"+number[2:], "00"+number, "030/"+number[4:], "030 "+number[4:], "+49 30 "+number[4:])
	}
	return marks
}

// Legible is which of the marks a text holds: as they are, in any case, or in base64.
func Legible(text []byte) (found []string) {
	folded := bytes.ToLower(text)
	for _, mark := range Marks() {
		if bytes.Contains(folded, []byte(strings.ToLower(mark))) || slices.ContainsFunc(inBase64(mark), func(form string) bool { return bytes.Contains(text, []byte(form)) }) {
			found = append(found, mark)
		}
	}
	return found
}

// inBase64 is what a text looks like inside of a longer one in base64, which
// depends on where in it the text begins. The ends depend on what is beside it.
func inBase64(text string) (forms []string) {
	for offset := range 3 {
		form := base64.StdEncoding.EncodeToString([]byte(strings.Repeat(" ", offset) + text))
		begin := []int{0, 2, 3}[offset]
		forms = append(forms, strings.TrimRight(form[begin:], "=")[:(8*len(text)-6)/6])
	}
	return forms
}
