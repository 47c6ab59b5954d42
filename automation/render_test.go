package automation_test

import (
	"maps"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/callthread/callthread/automation"
	"github.com/callthread/callthread/call"
)

// written renders a note for a call.
func written(t *testing.T, facts call.Facts, note string) string {
	t.Helper()
	change, warnings := changed(t, facts, "note: "+strconv.Quote(note))
	require.Empty(t, warnings)
	return change.Note
}

func TestEveryPlaceholderHasItsFact(t *testing.T) {
	want := map[string]string{
		"call.id": "k-1", "call.parentId": "k-1", "call.sessionId": "s-1", "call.conversationId": "c-1", "call.type": "inbound", "call.source": "queue",
		"call.domain": "external", "call.state": "completed", "call.finishReason": "passive-hangup", "call.anonymous": "false",
		"call.from": "+493066665555", "call.from.number": "+493066665555", "call.fromNumber": "+493066665555",
		"call.to": "+493020002000", "call.to.number": "+493020002000", "call.toNumber": "+493020002000",
		"call.dateCreated": "2026-11-23T11:00:00Z", "call.dateEstablished": "2026-11-23T11:00:01Z", "call.dateFinished": "2026-11-23T11:01:00Z",
		"call.duration": "60", "call.outcome": "answered", "agent.id": "7", "agent.name": "Amira Haddad", "agent.email": "amira@example.com",
		"call.waitTime": "7", "call.talkTime": "53", "call.agents": "Amira Haddad, Bo Lind", "call.endedBy": "caller", "call.addedFromLog": "2026-11-23T12:00:00Z", "call.direction": "in",
		"recording.id": "r-1", "recording.url": "https://babelforce.example/r-1", "recording.duration": "95", "queue.teamId": teamID,
		"number.name": "Alpha", "number.teamId": otherID, "call.withinServiceLevel": "true",
		"agent.number": "201", "agent.sourceId": userID, "agent.agentSource": "kustomer", "queue.id": "9", "queue.name": "Support",
		"integration.kustomer.customer.id": "c24", "integration.kustomer.conversation.id": "v24",
		"integration.kustomer.conversation.url": "https://acme.kustomerapp.com/app/customers/c24/event/v24",
	}
	require.ElementsMatch(t, slices.Collect(maps.Keys(automation.Placeholders)), slices.Collect(maps.Keys(want)))
	written := func(facts call.Facts, name, note string) string {
		event := automation.Placeholders[name].Known[0] // the loader refuses an earlier event
		if automation.Begins(event) {
			event = call.Bridged
		}
		change, _ := loaded(t, head+creation("{}")+update(event, "note: "+strconv.Quote(note))).Change(event, facts)
		return change.Note
	}
	added := answered()
	added.AddedAt = noon.Add(time.Hour)
	always := []string{"call.id", "call.anonymous", "call.direction"}
	for name, value := range want {
		require.Equal(t, "<"+value+">", written(added, name, "<{"+name+"}>"), name)
		if !slices.Contains(always, name) {
			require.Equal(t, "<none>", written(littleKnown(), name, "<{"+name+"|none}>"), name)
		}
	}
}

func TestTemplatesAreFilledWithWhatIsKnown(t *testing.T) {
	withheld := with(func(f *call.Facts) { f.Leg.Anonymous = true })
	empty := with(func(f *call.Facts) { f.Leg.Seconds, f.Extra = new(0), map[string]string{"app.shop": ""} })
	quoting := with(func(f *call.Facts) { f.Agent.Name = "{call.id}" })
	for name, tc := range map[string]struct {
		facts          call.Facts
		template, want string
	}{
		"known fact, default unused":       {answered(), "{call.from|nobody}", "+493066665555"},
		"absent":                           {littleKnown(), "of {call.id} from {call.from}!", "of k-1 from !"},
		"absent with default":              {littleKnown(), "from {call.from|a withheld number}", "from a withheld number"},
		"absent with empty default":        {littleKnown(), "of {call.id} from {call.from|}.", "of k-1 from ."},
		"default with a bar of its own":    {littleKnown(), "{call.from|a|b}", "a|b"},
		"default with a colon":             {littleKnown(), "{call.from|a:b}", "a:b"},
		"withheld number":                  {withheld, "{call.from|-}{call.from.number|-}{call.fromNumber|-}", "---"},
		"withheld is known":                {withheld, "{call.anonymous}", "true"},
		"zero seconds are a duration":      {empty, "{call.duration|none}", "0"},
		"extra field":                      {answered(), "shop {app.shop|?}", "shop Berlin"},
		"extra field with nothing in it":   {empty, "shop {app.shop|?}", "shop ?"},
		"extra field that did not come":    {answered(), "{app.vip|no}{app.vip}", "no"},
		"unknown times and durations":      {littleKnown(), "{call.dateCreated:date|-}{call.duration:words|-}", "--"},
		"several on a line":                {answered(), "{agent.name} ({queue.name})", "Amira Haddad (Support)"},
		"literal braces":                   {answered(), "{{call.id}} }}{{ {{{call.id}}}", "{call.id} }{ {k-1}"},
		"a value is never itself rendered": {quoting, "{agent.name}", "{call.id}"},
	} {
		require.Equal(t, tc.want, written(t, tc.facts, tc.template), name)
	}
}

func TestFormatsWriteValuesForPeople(t *testing.T) {
	at := func(when time.Time) call.Facts { return with(func(f *call.Facts) { f.Leg.CreatedAt = when }) }
	winter, summer := at(time.Date(2026, 1, 31, 23, 30, 0, 0, time.UTC)), at(time.Date(2026, 7, 31, 22, 30, 0, 0, time.UTC))
	lasting := func(seconds int) call.Facts { return with(func(f *call.Facts) { f.Leg.Seconds = &seconds }) }
	from := func(number string) call.Facts { return with(func(f *call.Facts) { f.Leg.From = number }) }
	for name, tc := range map[string]struct {
		facts          call.Facts
		template, want string
	}{
		"date, winter time":       {winter, "{call.dateCreated:date}", "2026-02-01"},
		"time, winter time":       {winter, "{call.dateCreated:time}", "00:30"},
		"datetime, summer time":   {summer, "{call.dateCreated:datetime}", "2026-08-01 00:30"},
		"unix":                    {winter, "{call.dateCreated:unix}", "1769902200"},
		"no format is UTC":        {summer, "{call.dateCreated}", "2026-07-31T22:30:00Z"},
		"minutes":                 {lasting(67), "{call.duration:minutes}", "1:07"},
		"minutes of an hour":      {lasting(3600), "{call.duration:minutes}", "60:00"},
		"words":                   {lasting(67), "{call.duration:words}", "1 min 7 s"},
		"words of seconds":        {lasting(59), "{call.duration:words}", "59 s"},
		"words of nothing":        {lasting(0), "{call.duration:words|-}", "0 s"},
		"words of an outcome":     {answered(), "{call.outcome:words}", "answered"},
		"words of another":        {with(func(f *call.Facts) { f.Outcome = call.NoAgent }), "{call.outcome:words}", "no agent picked up"},
		"words of no outcome":     {littleKnown(), "{call.outcome:words|-}", "-"},
		"words of a summary":      {answered(), "{call.waitTime:words} {call.talkTime:minutes}", "7 s 0:53"},
		"national":                {answered(), "{call.from:national}", "030 66665555"},
		"international":           {answered(), "{call.from:international}", "+49 30 66665555"},
		"e164":                    {from("493066665555"), "{call.from:e164}", "+493066665555"},
		"an extension stays":      {answered(), "{agent.number:international}", "201"},
		"last4":                   {answered(), "…{call.from:last4}", "…5555"},
		"last3 and last2":         {from("+4930 12-345"), "{call.from:last3} {call.from:last2}", "345 45"},
		"last4 counts digits":     {from("+49 30 66 5 4"), "{call.from:last4}", "6654"},
		"last4 of fewer":          {from("12"), "{call.from:last4}", "12"},
		"last4 of what is no no.": {with(func(f *call.Facts) { f.Agent.Number = "ü" }), "{agent.number:last4}", "ü"},
		"default of a format":     {from(""), "{call.from:national|none}", "none"},
	} {
		require.Equal(t, tc.want, written(t, tc.facts, tc.template), name)
	}
	utc := loaded(t, "fields: []\nautomations:\n"+creation(`name: "{call.dateCreated:datetime}"`))
	opening, _ := utc.Open(summer)
	require.Equal(t, "2026-07-31 22:30", opening.Name)
}

func TestEmptyNoteLinesAreDropped(t *testing.T) {
	require.Equal(t, "Heading\n\nby an agent\n? of k-1", written(t, littleKnown(),
		"Queue: {queue.name}\nHeading\n\nby {agent.name|an agent}\n{agent.name}{queue.name}\n? of {call.id}{queue.id}\n"))
	require.Empty(t, written(t, littleKnown(), "{agent.name}\n\n \n{queue.name}"))
}

func TestEmptyListEntriesAreDropped(t *testing.T) {
	const tags = `["a", "{queue.name}", "queue_{queue.name}", "a", "call_{call.outcome|none}"]`
	change, warnings := changed(t, littleKnown(), "tags: { add: "+tags+" }\nassignedTeams: [\"{app.shop}\"]")
	require.Empty(t, warnings)
	require.Equal(t, []string{"a", "call_none"}, change.AddTags)
	require.Empty(t, change.AssignedTeams)
}

func TestInvalidTagIsLeftOutWithAWarning(t *testing.T) {
	for tag, taken := range map[string]bool{
		"Support": true, "Größe <5>": true, "a/b-c_d.e": true, strings.Repeat("ü", 64): true,
		strings.Repeat("ü", 65): false, " lead": false, "a,b": false, "50%": false, "日本": false,
	} {
		change, warnings := changed(t, carrying("app.text", tag), `tags: { add: [vip, "{app.text}"] }`)
		if taken {
			require.Equal(t, []string{"vip", tag}, change.AddTags)
			require.Empty(t, warnings)
			continue
		}
		require.Equal(t, []string{"vip"}, change.AddTags)
		require.Equal(t, []string{"a tag has characters that Kustomer does not allow, or more than 64: it was left out"}, warnings)
	}
}

func TestOnlyKustomerIDsAreAssigned(t *testing.T) {
	for name, tc := range map[string]struct {
		sourceID string
		users    []string
		warnings []string
	}{
		"Kustomer's": {userID, []string{userID}, nil},
		"none":       {"", nil, []string{"the agent has no sourceId: the conversation was not assigned"}},
		"another system's": {"crm-7", nil,
			[]string{"a user to assign is not a Kustomer user id (24 hexadecimal digits): it was left out"}},
	} {
		facts := with(func(f *call.Facts) { f.Agent.SourceID = tc.sourceID })
		change, warnings := changed(t, facts, `assignedUsers: ["{agent.sourceId}", "{agent.sourceId}", "{app.vip}"]`)
		require.Equal(t, tc.users, change.AssignedUsers, name)
		require.Equal(t, tc.warnings, warnings, name)
	}
	change, warnings := changed(t, answered(), `assignedTeams: [`+teamID+`, "{app.shop}"]`)
	require.Equal(t, []string{teamID}, change.AssignedTeams)
	require.Equal(t, []string{"a team to assign is not a Kustomer team id (24 hexadecimal digits): it was left out"}, warnings)
}

func TestLongTextIsCutAsKustomerCounts(t *testing.T) {
	for unit, length := range map[string]int{"a": 1, "ü": 1, "日": 1, "😀": 2} {
		facts := carrying("app.text", strings.Repeat(unit, automation.MaxNote/length))
		fits, _ := changed(t, facts, `{ name: "{app.text}", note: "{app.text}" }`)
		long, _ := changed(t, facts, `note: "{app.text}!"`)
		opening, _ := opens(t, `name: "{app.text}"`).Open(facts)
		require.Equal(t, strings.Repeat(unit, 255/length)+"…", opening.Name)
		require.Equal(t, opening.Name, fits.Name)
		require.Equal(t, facts.Extra["app.text"], fits.Note)
		require.Equal(t, strings.Repeat(unit, 10239/length)+"…", long.Note)
	}
}

// Warnings appear in workflow histories and in the Web UI.
func TestWarningsHoldNoPersonalData(t *testing.T) {
	facts := carrying("app.text", "Zsófia Marked-Name, +49 170 0000123")
	facts.Leg.From, facts.Agent.Name, facts.Agent.SourceID = "+491700000123", "Zsófia Marked-Name", "zsofia@marked.example"
	_, warnings := changed(t, facts, `
tags: { add: ["{app.text}"], remove: ["{app.text} {call.from:last4}"] }
assignedUsers: ["{agent.sourceId}", "{app.text}"]
assignedTeams: ["{app.text}"]
custom: { aNum: "{app.text}", bAt: "{app.text}", cBool: "{app.text}", dUrl: "{agent.sourceId}" }`)
	require.Len(t, warnings, 7)
	for _, mark := range []string{"Zs", "arked", "170", "123"} {
		require.NotContains(t, strings.Join(warnings, "\n"), mark)
	}
}

func TestOnlyAListClearsTheTags(t *testing.T) {
	for set, want := range map[string][]string{"": nil, "null": nil, "''": nil, "[null]": nil, "[]": {}, "[a]": {"a"}} {
		change, _ := changed(t, answered(), "tags: { set: "+set+" }")
		require.Equal(t, want, change.SetTags, set)
	}
}
