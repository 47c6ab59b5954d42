package automation

import (
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"github.com/callthread/callthread/call"
)

func FuzzLoad(f *testing.F) {
	f.Add(DefaultFile)
	for _, seed := range []string{
		head + creation(`custom: { aNum: "{call.duration|0}", aStr: "{call.duration:minutes|0}", bAt: "{app.vip}", cUrl: "https://{app.shop}" }`) +
			update(call.Bridged, "name: '{{{call.from:last4}}}'\ntags: { set: [\"{app.text}\"] }\nassignedUsers: ['{agent.sourceId}']"),
		"triggers: {t: {type: ANY, conditions: [{expression: 'call.duration:words', operator: LIKE, expectation: '%a_'}]}}\n" +
			"automations:\n" + item("call.inbound", createAction, "    trigger: t\n    invertTrigger: true\n", "tags: [a]"),
		creating("custom: { aStr: 0123, bBool: true }") + update(call.Finished, "note: |2-\n   {call.outcome}\n  {no}\n"),
		"wrapUpTime: 90s\nqueues: { Support: " + teamID + " }\ncallers: { shared: oldest, returning: { policy: append, within: 1h } }\n" + creating("{}") +
			placing("customer: '{call.to}'\nassignedUsers: ['{agent.sourceId}']") + update(call.Outbound, "note: '{call.direction}'") +
			item("call.finished", messageAction, "", "subject: '{call.outcome:words}'\npreview: '{call.agents}'") +
			update(call.WrappedUp, "assignedTeams: ['{queue.teamId}']") + update(call.Recorded, "custom: { aUrl: '{recording.url}' }"),
		"a: &a [*a, *b]\n<<: *a\n? {b: c}\n: !!binary aGk=\n", "--- |\n {\n...\n---\n- a", "a: 1\nb: {c} d\n", "a:\n  - b\n\t- c: *d", "automations: [[[{}]]]", "\xff\xfe{\x00", "\ufeff\"\\x7b\": '}'",
	} {
		f.Add([]byte(seed))
	}
	calls := []call.Facts{answered(), outgoing(), littleKnown(), with(func(f *call.Facts) {
		*f = call.Facts{Leg: call.Leg{From: "\xff%{call.id}", Anonymous: true, Seconds: new(-1)}, Agent: call.Agent{Name: "{", SourceID: "}"}}
	})}
	f.Fuzz(func(t *testing.T, file []byte) {
		set, err := Load("f.yaml", file)
		if err != nil {
			var problems Problems
			require.ErrorAs(t, err, &problems)
			require.NotEmpty(t, problems)
			for _, p := range problems {
				require.Equal(t, "f.yaml", p.File)
				require.NotEmpty(t, p.Text)
				require.Equal(t, p.Line > 0, p.Column > 0, "a place has both: %s", p)
				require.GreaterOrEqual(t, min(p.Line, p.Column), 0)
			}
			return
		}
		for _, facts := range calls {
			opening, _ := set.Open(facts)
			requireWithinLimits(t, opening.Name, opening.Note, opening.Tags, opening.AssignedUsers, opening.AssignedTeams)
			for event := range eventNames {
				change, _ := set.Change(event, facts)
				requireWithinLimits(t, change.Name, change.Note, slices.Concat(change.SetTags, change.AddTags), change.AssignedUsers, change.AssignedTeams)
				requireWithinLimits(t, "", "", change.RemoveTags)
				if change.Message != nil {
					requireWithinLimits(t, change.Message.Subject, change.Message.Preview, nil)
				}
			}
		}
	})
}

func requireWithinLimits(t *testing.T, name, note string, tags []string, assignees ...[]string) {
	t.Helper()
	require.LessOrEqual(t, utf8.RuneCountInString(name), maxNameLength)
	require.LessOrEqual(t, utf8.RuneCountInString(note), maxNoteLength)
	require.LessOrEqual(t, len(tags), maxTags)
	for _, tag := range tags {
		require.Regexp(t, tagPattern, tag)
	}
	for _, ids := range assignees {
		require.LessOrEqual(t, len(ids), maxAssignees)
		for _, id := range ids {
			require.Regexp(t, objectIDPattern, id)
		}
	}
}

func FuzzTemplate(f *testing.F) {
	f.Add("Call from {call.from|a withheld number}", "+493066665555")
	f.Add("Queue: {queue.name}\n{agent.name}{x|}", "")
	f.Add("{{call.id}}{call.from:last4|{", "ü\xff")
	f.Add("{call.from|a\nb}{call.duration:words|:|}", "}{")
	f.Add("{call.from:national}{call.to:international}{agent.number:e164}", "+++49 (0)30/1;ext=4")
	l := &loader{fields: map[string]bool{"x": true}}
	set := &Set{zone: time.UTC}
	doubled := strings.NewReplacer("{", "{{", "}", "}}")
	f.Fuzz(func(t *testing.T, text, value string) {
		literal, mistakes := parseTemplate(doubled.Replace(text), l.find(call.Finished))
		require.Empty(t, mistakes)
		plain, isLiteral := literal.isLiteral()
		require.True(t, isLiteral)
		require.Equal(t, text, plain)

		parsed, mistakes := parseTemplate(text, l.find(call.Finished))
		for _, m := range mistakes {
			require.Contains(t, "{}", text[m.offset:m.offset+1], "mistakes are at braces")
		}
		facts := answered()
		facts.Leg.From, facts.Leg.To, facts.Agent.Name, facts.Agent.Number, facts.Queue.Name = value, value, value, value, value
		facts.Extra = map[string]string{"x": value}
		r := &renderer{facts: facts, set: set}
		whole, _ := r.fill(parsed)
		require.LessOrEqual(t, len(r.lines(parsed)), len(whole))
		for _, p := range parsed {
			if p.placeholder == nil {
				require.Contains(t, whole, p.literal)
			}
		}
		for _, suffix := range append([]string{"", "other"}, suffixes...) {
			_ = r.custom([]attribute{{name: "a" + suffix, template: parsed}})
		}
		require.NotContains(t, strings.Join(r.warnings, ""), "\xff")
	})
}
