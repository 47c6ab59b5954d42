package load

import (
	"strings"
	"testing"

	"github.com/callthread/callthread/automation"
	"github.com/callthread/callthread/call"
)

func TestUpdateCannotAddAndRemoveATag(t *testing.T) {
	requireProblems(t, `5:13: the tag "vip" is both added and removed`, updating("tags: { add: [a, vip], remove: [b, vip] }"))
	requireProblems(t, `5:13: the tag "vip" is both added and removed`, updating("tags: { set: [vip], remove: [vip] }"))
	requireProblems(t, `6:13: the tag "q_{queue.name}" is both added and removed`,
		"fields: [x]\n"+updating("tags: { add: ['q_{queue.name}'], remove: ['q_{queue.name}'] }"))
	loaded(t, updating("tags: { add: [vip, 'q_{queue.name}'], remove: [VIP, 'q_{queue.id}'] }"))
}

// over returns an update on call.finished with further keys beside its tags.
func over(beside, tags string) string {
	if beside != "" {
		beside = "    " + beside + "\n"
	}
	return item("call.finished", updateAction, beside, "tags: { "+tags+" }")
}

// A later version may have a placeholder for a field that a file lists.
func TestFieldWithAPlaceholderIsAWarning(t *testing.T) {
	requireWarnings(t, "1:10: {call.from} is a placeholder already: it needs no entry here", "fields: [call.from]\n"+creating("{}"))
}

func TestOrderedAutomationsGetWarnings(t *testing.T) {
	const here, said = "the tag \"vip\" is ", ", which has the same event and priority: if both apply, the later one in the file decides"
	answered := "trigger: { conditions: [{ expression: call.outcome, operator: EQ, expectation: answered }] }"
	named := "trigger: { conditions: [{ expression: agent.name, operator: GIVEN }] }"
	for file, want := range map[string]string{
		over("", "add: [vip]") + over("", "remove: [vip]"):                                         "10:5: " + here + "removed here and added by the automation on line 6" + said,
		over("", "remove: [a, vip]") + over("", "set: [vip, b]"):                                   "10:5: " + here + "added here and removed by the automation on line 6" + said,
		over(answered, "add: [vip]") + over(named, "remove: [vip]"):                                "11:5: " + here + "removed here and added by the automation on line 6" + said,
		over("priority: 5", "add: [vip]") + over("priority: 5", "remove: [vip]"):                   "11:5: " + here + "removed here and added by the automation on line 6" + said,
		over("", "add: [vip]") + over("priority: 5", "remove: [vip]"):                              "",
		over("", "add: [vip]") + over("enabled: false", "remove: [vip]"):                           "",
		over("", "add: [vip]") + update(call.Bridged, "tags: { remove: [vip] }"):                   "",
		over("", "add: [vip]") + over("", "remove: [VIP]"):                                         "",
		over("", "add: [vip]") + over("", "add: [vip]") + over("", "remove: [b]"):                  "",
		over(answered, "add: [vip]") + over(answered+"\n    invertTrigger: true", "remove: [vip]"): "",
	} {
		requireWarnings(t, want, creating("{}")+file)
	}
}

func TestExclusiveAutomationsHaveNoOrder(t *testing.T) {
	trigger := func(conditions ...string) string {
		return "trigger: { conditions: [{ expression: " + strings.Join(conditions, " }, { expression: ") + " }] }"
	}
	for _, tc := range []struct {
		a, b    string
		exclude bool
	}{
		{"call.outcome, operator: EQ, expectation: answered", "call.outcome, operator: EQ, expectation: no_agent", true},
		{"call.outcome, operator: EQ, expectation: abandoned", "call.outcome, operator: EQ, expectation: abandoned_in_queue", false},
		{"call.outcome, operator: EQ, expectation: answered", "call.outcome, operator: NEQ, expectation: answered", true},
		{"call.outcome, operator: EQ, expectation: answered", "call.outcome, operator: NEQ, expectation: no_agent", false},
		{"call.duration, operator: EQ, expectation: 60", "call.duration, operator: EQ, expectation: 60.0", false},
		{"call.duration, operator: LT, expectation: 60", "call.duration, operator: GE, expectation: 60", true},
		{"call.duration, operator: LE, expectation: 60", "call.duration, operator: GE, expectation: 60", false},
		{"agent.name, operator: GIVEN", "agent.name, operator: NOT_GIVEN", true},
		{"agent.name, operator: GIVEN", "agent.id, operator: NOT_GIVEN", false},
		{"agent.name, operator: CONTAINS, expectation: a", "agent.name, operator: NOT_CONTAINS, expectation: a", true},
	} {
		warned := "11:5: the tag \"vip\" is removed here and added by the automation on line 6, which has the same event and priority: " +
			"if both apply, the later one in the file decides"
		if tc.exclude {
			warned = ""
		}
		const also = "queue.name, operator: GIVEN"
		requireWarnings(t, warned, creating("{}")+over(trigger(tc.a), "add: [vip]")+over(trigger(also, tc.b), "remove: [vip]"))
		requireWarnings(t, warned, creating("{}")+over(trigger(tc.b), "add: [vip]")+over(trigger(tc.a, also), "remove: [vip]"))
	}
}

func TestFieldsOnTheFirstEventGetWarnings(t *testing.T) {
	const fields = "fields: [app.vip, app.shop]\n"
	early := func(field, event string) string {
		return "{" + field + "} is known on " + event + " only if its webhook carries it: what the flow sets later is known from call.bridged on"
	}
	trigger := "    trigger: { conditions: [{ expression: app.vip, operator: GIVEN }] }\n"
	for file, want := range map[string]string{
		creating("name: '{app.vip}'\ntags: ['{app.vip}']\ncustom: { shopStr: '{app.shop}' }"): "6:13: " + early("app.vip", "call.inbound") + "\n" +
			"8:26: " + early("app.shop", "call.inbound"),
		"automations:\n" + item("call.inbound", createAction, trigger, "name: '{app.vip}'"): "5:43: " + early("app.vip", "call.inbound"),
		"automations:\n" + creation("{}") + placing("assignedUsers: ['{app.vip}']"):         "10:23: " + early("app.vip", "call.outbound"),
		"triggers: { vip: { conditions: [{ expression: app.vip, operator: GIVEN }] } }\nautomations:\n" +
			item("call.bridged", updateAction, "    trigger: vip\n", "{}") + item("call.inbound", createAction, "    trigger: vip\n", "{}"): "2:47: " + early("app.vip", "call.inbound"),
		updating("name: '{app.vip}'"):   "",
		ending("name: '{app.vip}'"):     "",
		creating("name: '{call.from}'"): "",
	} {
		requireWarnings(t, want, fields+file)
	}
}

func TestDefaultHasNoWarnings(t *testing.T) {
	requireWarnings(t, "", string(automation.DefaultFile))
}

func TestTooLongAttributeIsRefused(t *testing.T) {
	for _, attribute := range []string{"aStr", "aTxt", "abcd"} {
		requireProblems(t, "5:23: "+attribute+" is longer than 1024 characters", creating("custom: { "+attribute+": "+strings.Repeat("ü", 1025)+" }"))
	}
	requireProblems(t, `5:13: "name" is longer than 256 characters`, creating("name: '{call.from|"+strings.Repeat("ü", 257)+"}'"))
	loaded(t, creating("custom: { aStr: "+strings.Repeat("ü", 1024)+" }"))
	requireProblems(t, "5:23: aStr is longer than 1024 characters", creating("custom: { aStr: '"+strings.Repeat("ü", 1000)+"{call.from}"+strings.Repeat("ü", 25)+"' }"))
}
