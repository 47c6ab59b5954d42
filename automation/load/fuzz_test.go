package load

import (
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/callthread/callthread/automation"
	"github.com/callthread/callthread/call"
)

var noon = time.Date(2026, 11, 23, 12, 0, 0, 0, time.FixedZone("", 3600))

// answered is a call with many known facts.
var answered = call.Facts{
	Key: "k-1",
	Leg: call.Leg{ID: "k-1", ParentID: "k-1", Source: "queue", From: "+493066665555", To: "+493020002000", CreatedAt: noon, FinishedAt: noon.Add(time.Minute),
		Seconds: new(60)},
	Agent:     call.Agent{ID: "7", Name: "Amira Haddad", Number: "201", SourceID: userID},
	Queue:     call.Queue{ID: "9", Name: "Support"},
	Extra:     map[string]string{"app.shop": "Berlin"},
	Outcome:   call.Answered,
	Summary:   call.Summary{WaitSeconds: new(7), TalkSeconds: new(53), Agents: []string{"Amira Haddad", "Bo Lind"}, EndedBy: "caller"},
	Recording: call.Recording{ID: "r-1", URL: "https://babelforce.example/r-1", Seconds: new(95)},
}

func FuzzLoad(f *testing.F) {
	f.Add(automation.DefaultFile)
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
		"numbers: { '+493023125001': { name: A, team: " + teamID + ", tags: [a, 1] }, 116117: { name: B } }\n" +
			"ignore: { callers: ['+49900*', internal, withheld, '+493023125042'], called: ['+493023125099'] }\nserviceLevel: 20s\n" +
			"callers: { returning: { resolves: true } }\nautomations:\n" + creation("name: '{number.name|x}'\ntags: [lost]\nassignedTeams: ['{number.teamId}']") +
			update(call.Bridged, "note: '{call.withinServiceLevel} {call.waitTime}'\ntags: { remove: [lost] }"),
		comparing(`"call.to:e164", operator: LIKE, expectation: "+4930*"`) + update(call.Finished, "tags: { add: [a], remove: [b] }") + update(call.Finished, "tags: { remove: [a] }"),
		comparing(`"call.dateCreated:time|x", operator: GE, expectation: “9:00”`), comparing(`call.outcome, operator: REGEXP, expectation: "^+(a|b*)"`),
		"a: &a [*a, *b]\n<<: *a\n? {b: c}\n: !!binary aGk=\n", "--- |\n {\n...\n---\n- a", "a: 1\nb: {c} d\n", "a:\n  - b\n\t- c: *d", "automations: [[[{}]]]", "\xff\xfe{\x00", "\ufeff\"\\x7b\": '}'",
	} {
		f.Add([]byte(seed))
	}
	calls := []call.Facts{answered, {Key: "k-1", Leg: call.Leg{ID: "k-1"}}, {
		Outgoing: true, Leg: call.Leg{From: "\xff%{call.id}\n", Anonymous: true, Seconds: new(-1)}, Agent: call.Agent{Name: "{\u202e", SourceID: "}"},
	}}
	f.Fuzz(func(t *testing.T, file []byte) {
		set, _, err := Bytes("f.yaml", file)
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
			for event := range automation.EventNames {
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
	require.LessOrEqual(t, automation.Length(name), automation.MaxName)
	require.LessOrEqual(t, automation.Length(note), automation.MaxNote)
	require.LessOrEqual(t, len(tags), automation.MaxTags)
	for _, tag := range tags {
		require.True(t, automation.IsTag(tag), tag)
	}
	for _, ids := range assignees {
		require.LessOrEqual(t, len(ids), automation.MaxAssignees)
		for _, id := range ids {
			require.True(t, automation.IsObjectID(id), id)
		}
	}
}

func FuzzTemplate(f *testing.F) {
	f.Add("Call from {call.from|a withheld number}", "+493066665555")
	f.Add("Queue: {queue.name}\n{agent.name}{x|}", "")
	f.Add("{{call.id}}{call.from:last4|{", "ü\xff")
	f.Add("{call.from|a\nb}{call.duration:words|:|}", "}{")
	f.Add("{call.from:national}{call.to:international}{agent.number:e164}", "+++49 (0)30/1;ext=4")
	f.Add("{call.from}\n0", "0")
	f.Add("By {agent.name}\nIn {queue.name}", "X\r\nEnded by: caller\u2028\u202e\x00")
	l := &loader{fields: map[string]bool{"x": true}}
	doubled := strings.NewReplacer("{", "{{", "}", "}}")
	f.Fuzz(func(t *testing.T, text, value string) {
		literal, mistakes := parseTemplate(doubled.Replace(text), l.check(call.Finished))
		require.Empty(t, mistakes)
		plain, isLiteral := literal.Literal()
		require.True(t, isLiteral)
		require.Equal(t, text, plain)

		parsed, mistakes := parseTemplate(text, l.check(call.Finished))
		for _, m := range mistakes {
			require.Contains(t, "{}", text[m.offset:m.offset+1], "mistakes are at braces")
		}
		if len(mistakes) > 0 {
			return
		}
		note := rendered(parsed, value)
		require.LessOrEqual(t, automation.Length(note), automation.MaxNote)
		all := rendered(parsed, "+493066665555") // with this value, no line is dropped
		require.LessOrEqual(t, strings.Count(note, "\n"), strings.Count(all, "\n"), "a value adds no line")
		require.LessOrEqual(t, len(directions.FindAllString(note, -1)), len(directions.FindAllString(text, -1)), "a value changes no direction")
	})
}

var directions = regexp.MustCompile("[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")

// rendered returns the note of a template for a call with the same value in every field.
func rendered(note automation.Template, value string) string {
	attributes := []automation.Attribute{}
	for _, suffix := range []string{"Num", "At", "Str", "Txt", "Bool", "Url", ""} {
		attributes = append(attributes, automation.Attribute{Name: "a" + suffix, Template: note})
	}
	set := &automation.Set{Zone: time.UTC, Automations: []automation.Automation{{
		Event: call.Finished, Action: automation.UpdateConversation, Options: automation.Options{Note: note, Custom: attributes},
	}}}
	facts := answered
	facts.Leg.From, facts.Leg.To, facts.Agent.Name, facts.Agent.Number, facts.Queue.Name = value, value, value, value, value
	facts.Extra = map[string]string{"x": value}
	change, _ := set.Change(call.Finished, facts)
	return change.Note
}
