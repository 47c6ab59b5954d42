package automation_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/callthread/callthread/automation"
	"github.com/callthread/callthread/automation/load"
	"github.com/callthread/callthread/call"
)

const brands = `
numbers:
  "+49 30 20002001": { name: Alpha, team: ` + teamID + `, tags: [alpha, phone] }
  "030 20002002": { name: Beta }
  "116117": { name: Short }
`

// inGermany loads a file for Germany that must have no problems and no warnings.
func inGermany(t *testing.T, file string) *automation.Set {
	t.Helper()
	set, warnings, err := load.BytesIn("DE", "test.yaml", []byte(file))
	require.NoError(t, err)
	require.Empty(t, warnings)
	return set
}

func TestNumberIsFoundInAnyForm(t *testing.T) {
	set := inGermany(t, brands+"automations:\n"+creation(`name: "{number.name|none}, {number.teamId|none}"`)+placing(`name: "{number.name|none}"`))
	for number, want := range map[string]string{
		"+493020002001": "Alpha, " + teamID, "0049 30 2000-2001": "Alpha, " + teamID, "493020002001": "Alpha, " + teamID, "030 20002001": "Alpha, " + teamID,
		"sip:+493020002002@pbx.example.net": "Beta, none", "116117": "Short, none",
		"+493020002003": "none, none", "": "none, none", "anonymous": "none, none",
	} {
		opening, warnings := set.Open(call.Facts{Leg: call.Leg{ID: "a", From: "+493066665555", To: number}})
		require.Empty(t, warnings)
		require.Equal(t, want, opening.Name, number)
	}
	opening, _ := set.Open(call.Facts{Outgoing: true, Leg: call.Leg{ID: "a", From: "03020002002", To: "+493020002001"}})
	require.Equal(t, "Beta", opening.Name, "of a call that is placed, the own number is the one that calls")
}

func TestTagsOfANumberCanBeRemoved(t *testing.T) {
	facts := call.Facts{Leg: call.Leg{ID: "a", To: "+493020002001"}}
	opening, _ := inGermany(t, brands+"automations:\n"+creation("tags: [phone, lost]")).Open(facts)
	require.Equal(t, []string{"phone", "lost", "alpha"}, opening.Tags)
	opening, _ = inGermany(t, brands+"automations:\n"+creation("tags: [lost]")+update(call.Inbound, "tags: { remove: [alpha] }")).Open(facts)
	require.Equal(t, []string{"lost", "phone"}, opening.Tags)
}

func TestTeamsOfNumbersMustExist(t *testing.T) {
	require.Equal(t, []string{teamID}, inGermany(t, brands+"automations:\n"+creation("{}")).Needs().Teams)
}

func TestIgnoresNumbersPrefixesAndWords(t *testing.T) {
	file := `ignore: { callers: ["+49 30 5550100", "+44 900*", 0900*, internal, withheld], called: [030 20002099] }` + "\nautomations:\n" + creation("{}") + placing("{}")
	all, none := inGermany(t, file), inGermany(t, "automations:\n"+creation("{}")+placing("{}"))
	in := func(from, to string) call.Facts { return call.Facts{Leg: call.Leg{ID: "a", From: from, To: to}} }
	withheld := call.Facts{Leg: call.Leg{ID: "a", From: "+493066665555", Anonymous: true}}
	out := func(from, to string) call.Facts { f := in(from, to); f.Outgoing = true; return f }
	for name, c := range map[string]struct {
		facts   call.Facts
		ignored bool
	}{
		"the number":                        {in("+49305550100", ""), true},
		"the number as it is dialled":       {in("030 555-0100", ""), true},
		"another number":                    {in("+49305550101", ""), false},
		"a prefix":                          {in("+449001234567", ""), true},
		"a prefix as it is dialled at home": {in("+49900 1234567", ""), true},
		"not a prefix":                      {in("+493090012345", ""), false},
		"an extension":                      {in("101", ""), true},
		"withheld":                          {withheld, true},
		"withheld, in words":                {in("anonymous", ""), true},
		"no number yet":                     {in("", ""), false},
		"what cannot be read":               {in("client:user_2089123456", ""), false},
		"the called number":                 {in("+493066665555", "+493020002099"), true},
		"the called number, and no caller":  {in("", "+493020002099"), true},
		"a caller with the called number":   {in("+493020002099", "+493020002001"), false},
		"called back":                       {out("+493020002001", "+49305550100"), true},
		"to an extension":                   {out("+493020002001", "101"), true},
		"from an agent's extension":         {out("101", "+493066665555"), false},
		"placed from the number":            {out("+493020002099", "+493066665555"), true},
	} {
		require.Equal(t, c.ignored, all.Ignores(c.facts), name)
		require.False(t, none.Ignores(c.facts), name)
		opening, _ := all.Open(c.facts)
		require.Equal(t, c.ignored, opening.Ignored, name)
		require.Equal(t, !c.ignored, opening.Wanted, name)
		wanted, certain := all.Wants(c.facts)
		require.True(t, certain)
		require.Equal(t, !c.ignored, wanted, name)
	}
}

func TestWantsReadsTheCalledNumber(t *testing.T) {
	trigger := "    trigger: { conditions: [{ expression: number.name, operator: EQ, expectation: Beta }] }\n"
	set := inGermany(t, brands+"automations:\n"+item("call.inbound", automation.CreateConversation, trigger, "{}"))
	for number, want := range map[string]bool{"+493020002002": true, "+493020002001": false} {
		wanted, certain := set.Wants(call.Facts{Leg: call.Leg{ID: "a", To: number}})
		require.True(t, certain)
		require.Equal(t, want, wanted)
	}
}

func TestServiceLevelCountsTheFirstAgent(t *testing.T) {
	set := loaded(t, "serviceLevel: 20s\nautomations:\n"+creation("{}")+update(call.Bridged, `note: "{call.withinServiceLevel|unknown}"`))
	waited := func(seconds int, outcome call.Outcome) call.Facts {
		return call.Facts{Outcome: outcome, Summary: call.Summary{WaitSeconds: &seconds}}
	}
	placed := waited(1, call.Answered)
	placed.Outgoing = true
	for name, c := range map[string]struct {
		facts call.Facts
		want  string
	}{
		"in time":               {waited(20, ""), "true"},
		"at once":               {waited(0, ""), "true"},
		"too late":              {waited(21, ""), "false"},
		"over, in time":         {waited(20, call.Answered), "true"},
		"over, too late":        {waited(21, call.Answered), "false"},
		"not answered":          {waited(60, call.NoAgent), "false"},
		"given up soon":         {waited(3, call.AbandonedInQueue), "false"},
		"never in a queue":      {waited(60, call.AbandonedInFlow), "unknown"},
		"after hours":           {waited(60, call.AfterHours), "unknown"},
		"the wait is unknown":   {call.Facts{}, "unknown"},
		"a call that is placed": {placed, "unknown"},
	} {
		change, _ := set.Change(call.Bridged, c.facts)
		require.Equal(t, c.want, change.Note, name)
	}
	require.Equal(t, 20*time.Second, set.ServiceLevel)
}

func TestLostTagsAreRemovedByAPickUp(t *testing.T) {
	for file, want := range map[string][]string{
		string(automation.DefaultFile): {"call_lost"},
		"automations:\n" + creation("tags: [waits, new, '{call.id}']") + placing("tags: [placed]") +
			update(call.Bridged, "tags: { remove: [waits, placed, vip, '{call.id}'] }"): {"waits", "placed"},
		brands + "automations:\n" + creation("{}") + update(call.Bridged, "tags: { remove: [alpha] }"):                                       {"alpha"},
		"automations:\n" + creation("{}") + update(call.Inbound, "tags: { add: [lost] }") + update(call.Bridged, "tags: { remove: [lost] }"): {"lost"},
		"automations:\n" + creation("tags: [lost]") + update(call.Finished, "tags: { remove: [lost] }"):                                      nil,
	} {
		require.Equal(t, want, inGermany(t, file).LostTags(), file)
	}
	require.True(t, loaded(t, "callers: { returning: { resolves: true } }\n"+string(automation.DefaultFile)).Needs().RemovesTags)
}
