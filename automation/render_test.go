package automation

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"github.com/callthread/callthread/call"
)

func TestEveryPlaceholderTellsItsFact(t *testing.T) {
	want := map[string]string{
		"call.id": "k-1", "call.sessionId": "s-1", "call.conversationId": "c-1", "call.type": "inbound", "call.source": "queue",
		"call.domain": "external", "call.state": "completed", "call.finishReason": "passive-hangup", "call.anonymous": "false",
		"call.from": "+493066665555", "call.from.number": "+493066665555", "call.fromNumber": "+493066665555",
		"call.to": "+493020002000", "call.to.number": "+493020002000", "call.toNumber": "+493020002000",
		"call.dateCreated": "2026-11-23T11:00:00Z", "call.dateEstablished": "2026-11-23T11:00:01Z", "call.dateFinished": "2026-11-23T11:01:00Z",
		"call.duration": "60", "call.outcome": "answered",
		"agent.id": "7", "agent.name": "Amira Haddad", "agent.email": "amira@example.com", "agent.number": "201", "agent.sourceId": userID,
		"queue.id": "9", "queue.name": "Support",
	}
	for name := range placeholders {
		require.Contains(t, want, name)
	}
	for name, value := range want {
		r := renderer{facts: answered()}
		require.Equal(t, "<"+value+">", r.text("<{"+name+"}>"), name)
	}
}

func TestTemplatesAreFilledWithWhatIsKnown(t *testing.T) {
	withheld, empty, quoting := answered(), answered(), answered()
	withheld.Leg.Anonymous = true
	empty.Leg.Seconds, empty.Extra = new(0), map[string]string{"app.shop": ""}
	quoting.Agent.Name = "{call.id}"
	for name, tc := range map[string]struct {
		facts          call.Facts
		template, want string
	}{
		"known fact, default unused":       {answered(), "{call.from|nobody}", "+493066665555"},
		"absent":                           {unknown(), "from {call.from}!", "from !"},
		"absent with default":              {unknown(), "from {call.from|a withheld number}", "from a withheld number"},
		"absent with empty default":        {unknown(), "from {call.from|}", "from "},
		"default with a bar of its own":    {unknown(), "{call.from|a|b}", "a|b"},
		"withheld number":                  {withheld, "{call.from|-}{call.from.number|-}{call.fromNumber|-}", "---"},
		"withheld is told":                 {withheld, "{call.anonymous}", "true"},
		"zero seconds are a duration":      {empty, "{call.duration|none}", "0"},
		"extra field":                      {answered(), "shop {app.shop|?}", "shop Berlin"},
		"extra field with nothing in it":   {empty, "shop {app.shop|?}", "shop ?"},
		"extra field that did not come":    {answered(), "{app.vip|no}{app.vip}", "no"},
		"moments and durations not told":   {unknown(), "{call.dateCreated|-}{call.duration|-}", "--"},
		"several on a line":                {answered(), "{agent.name} ({queue.name})", "Amira Haddad (Support)"},
		"braces that hold no placeholder":  {answered(), "{} { call.id } {1} {a-b}", "{} { call.id } {1} {a-b}"},
		"a value is never itself rendered": {quoting, "{agent.name}", "{call.id}"},
	} {
		r := renderer{facts: tc.facts}
		require.Equal(t, tc.want, r.text(tc.template), name)
	}
}

func TestNoteLinesWithNothingToSayAreDropped(t *testing.T) {
	r := renderer{facts: unknown()}
	require.Equal(t, "Heading\n\nby an agent\n? of k-1", r.lines(
		"Queue: {queue.name}\nHeading\n\nby {agent.name|an agent}\n{agent.name}{queue.name}\n? of {call.id}{queue.id}\n"))
	require.Empty(t, r.lines("{agent.name}\n\n \n{queue.name}"))
}

func TestListEntriesWithNothingToSayDisappear(t *testing.T) {
	r := renderer{facts: unknown()}
	require.Equal(t, []string{"a", "call_none"},
		r.list([]string{"a", "{queue.name}", "queue_{queue.name}", "", "a", "call_{call.outcome|none}"}))
	require.Empty(t, r.warnings)
}

func TestATagThatKustomerWouldRefuseIsLeftOutWithAWarning(t *testing.T) {
	facts := answered()
	for tag, taken := range map[string]bool{
		"Support": true, "Größe <5>": true, "a/b-c_d.e": true, strings.Repeat("ü", 64): true,
		strings.Repeat("ü", 65): false, " lead": false, "a,b": false, "50%": false, "日本": false, "a\nb": false,
	} {
		facts.Queue.Name = tag
		r := renderer{facts: facts}
		want := []string{"vip"}
		if taken {
			want = append(want, tag)
		}
		require.Equal(t, want, r.tags([]string{"vip", "{queue.name}"}), tag)
		require.Equal(t, !taken, len(r.warnings) == 1, tag)
		require.NotContains(t, strings.Join(r.warnings, ""), tag)
	}
}

func TestOnlyKustomersUsersAreAssigned(t *testing.T) {
	const noSource = "the agent has no sourceId: the conversation was not assigned"
	for name, tc := range map[string]struct {
		sourceID string
		users    []string
		warnings []string
	}{
		"Kustomer's":       {userID, []string{userID}, nil},
		"none":             {"", nil, []string{noSource}},
		"another system's": {"crm-7", nil, []string{"the sourceId of agent 7 is not a Kustomer user id: the conversation was not assigned"}},
	} {
		facts := answered()
		facts.Agent.SourceID = tc.sourceID
		r := renderer{facts: facts}
		require.Equal(t, tc.users, append([]string(nil), r.users([]string{"{agent.sourceId}", "{agent.sourceId}"})...), name)
		require.Equal(t, tc.warnings, r.warnings, name)
	}
}

func TestLongTextIsCutByCharacters(t *testing.T) {
	for _, unit := range []string{"a", "ü", "日", "😀"} {
		facts := answered()
		facts.Extra["text"] = strings.Repeat(unit, maxNoteLength)
		s := New(
			Automation{Event: call.Inbound, Create: &CreateOptions{Name: "{text}"}},
			Automation{Event: call.Bridged, Update: &UpdateOptions{Name: "{text}", Note: "{text}"}},
			Automation{Event: call.Finished, Update: &UpdateOptions{Note: "{text}!"}},
		)
		created, _ := s.Create(facts)
		fits, _ := s.Update(call.Bridged, facts)
		long, _ := s.Update(call.Finished, facts)
		require.Equal(t, strings.Repeat(unit, 255)+"…", created.Name)
		require.Equal(t, created.Name, fits.Name)
		require.Equal(t, facts.Extra["text"], fits.Note)
		require.Equal(t, strings.Repeat(unit, 10239)+"…", long.Note)
	}
}

func FuzzRendering(f *testing.F) {
	f.Add("Call from {call.from|a withheld number}", "+493066665555")
	f.Add("Queue: {queue.name}\n{agent.name}{x|}", "")
	f.Add("{{call.id}}{call.from|{", "ü\xff")
	f.Add("{call.from|a\nb}", "")
	f.Fuzz(func(t *testing.T, template, value string) {
		facts := answered()
		facts.Leg.From, facts.Agent.Name, facts.Queue.Name, facts.Extra["x"] = value, value, value, value
		r := renderer{facts: facts}
		text, lines := r.text(template), r.lines(template)
		require.LessOrEqual(t, utf8.RuneCountInString(cut(text, maxNameLength)), maxNameLength)
		require.LessOrEqual(t, len(lines), len(text))
		for _, tag := range r.tags([]string{template, value, "{x}"}) {
			require.Regexp(t, tagPattern, tag)
		}
		// Braces inside braces are no placeholder, and neither are those of a value.
		if strings.Contains(value, "{") || innerBrace(template) {
			return
		}
		for _, left := range placeholderPattern.FindAllStringSubmatch(text+"\n"+lines, -1) {
			require.NotContains(t, placeholders, left[1])
		}
	})
}

func innerBrace(template string) bool {
	for part := range strings.SplitSeq(template, "}") {
		if strings.Count(part, "{") > 1 {
			return true
		}
	}
	return false
}
