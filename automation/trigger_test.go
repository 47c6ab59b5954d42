package automation_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/callthread/callthread/automation"
	"github.com/callthread/callthread/call"
)

// holds reports whether an automation with this trigger acts on a call.
func holds(t *testing.T, facts call.Facts, trigger string) bool {
	t.Helper()
	return met(t, facts, "    trigger: "+trigger+"\n", "")
}

// met is like holds, with further lines of the automation and lines before the automations.
func met(t *testing.T, facts call.Facts, beside, before string) bool {
	t.Helper()
	set := loaded(t, before+head+creation("{}")+item("call.finished", automation.UpdateConversation, beside, "tags: { add: [met] }"))
	change, warnings := set.Change(call.Finished, facts)
	require.Empty(t, warnings)
	return change.AddTags != nil
}

func TestEveryOperatorComparesAsInBabelforce(t *testing.T) {
	type values = []string
	for name, tc := range map[string]struct {
		operator, expectation string
		met, unmet            values // "" is an absent value
	}{
		"equal":                 {"EQ", "012", values{"012"}, values{"12", "012.0", ""}},
		"equal to nothing":      {"EQ", "", values{""}, values{"0"}},
		"equal text":            {"EQ", "Gold", values{"Gold"}, values{"gold", "Gold "}},
		"not equal":             {"NEQ", "12", values{"13", "x", "12.00", ""}, values{"12"}},
		"greater":               {"GT", "9", values{"10", "9.5"}, values{"9", "-10", ""}},
		"greater, as text":      {"GT", "b", values{"c"}, values{"a", "b", ""}},
		"at least":              {"GE", "9", values{"9", "10"}, values{"8.9", ""}},
		"less":                  {"LT", "9", values{"8", "-1"}, values{"9", "10", ""}},
		"at most":               {"LE", "9", values{"9", "8"}, values{"10", ""}},
		"pattern":               {"REGEXP", "^[ab]+[.]?$", values{"ab", "b."}, values{"abc", "", "A"}},
		"pattern anywhere":      {"REGEXP", "b", values{"abc"}, values{"ac", ""}},
		"like":                  {"LIKE", "a_c%.", values{"abc.", "AbCd."}, values{"abc", "ac.", "xabc.", ""}},
		"given":                 {"GIVEN", "-", values{"x", "0"}, values{""}},
		"not given":             {"NOT_GIVEN", "-", values{""}, values{"x", "0"}},
		"starts with":           {"STARTS_WITH", "+49", values{"+4930", "+49"}, values{"4930", ""}},
		"ends with":             {"ENDS_WITH", "55", values{"155", "55"}, values{"551", ""}},
		"contains":              {"CONTAINS", "oo", values{"book"}, values{"bOOk", ""}},
		"does not contain":      {"NOT_CONTAINS", "oo", values{"bok", ""}, values{"book"}},
		"is null":               {"IS_NULL", "-", values{""}, values{"x"}},
		"is not null":           {"IS_NOT_NULL", "-", values{"x"}, values{""}},
		"like has no patterns":  {"LIKE", "a.c(", values{"a.c("}, values{"abc(", ""}},
		"like over line breaks": {"LIKE", "a%c", values{"a\nc"}, values{"a\nd"}},
	} {
		expectation := ", expectation: '" + tc.expectation + "'"
		if tc.expectation == "-" {
			expectation = ""
		}
		trigger := "{ conditions: [{ expression: app.text, operator: " + tc.operator + expectation + " }] }"
		for _, value := range tc.met {
			require.True(t, holds(t, carrying("app.text", value), trigger), "%s: %q", name, value)
		}
		for _, value := range tc.unmet {
			require.False(t, holds(t, carrying("app.text", value), trigger), "%s: %q", name, value)
		}
	}
}

func TestComparisonDependsOnTheKind(t *testing.T) {
	for condition, want := range map[string]bool{
		"expression: call.duration, operator: GT, expectation: 9":                            true, // 60, which as text is less
		"expression: call.from, operator: EQ, expectation: '493066665555'":                   false,
		"expression: call.from, operator: STARTS_WITH, expectation: '+49'":                   true,
		"expression: '{call.from}', operator: STARTS_WITH, expectation: '+49'":               true,
		"expression: 'call.dateCreated:time', operator: GE, expectation: '12:00'":            true, // in Berlin
		"expression: 'call.dateCreated:time', operator: LT, expectation: '12:00'":            false,
		"expression: call.anonymous, operator: EQ, expectation: false":                       true,
		"expression: call.anonymous, operator: EQ, expectation: False":                       true,
		"expression: call.anonymous, operator: NEQ, expectation: 'FALSE'":                    false,
		"expression: call.anonymous, operator: NEQ, expectation: ''":                         true,
		"expression: call.duration, operator: EQ, expectation: 60.0":                         true,
		"expression: 'call.duration|none', operator: NEQ, expectation: none":                 true,
		"expression: 'call.duration:minutes', operator: EQ, expectation: '1:00'":             true,
		"expression: call.outcome, operator: EQ, expectation: answered":                      true,
		"expression: call.dateCreated, operator: EQ, expectation: 2026-11-23T12:00:00+01:00": true,
		"expression: call.dateCreated, operator: LT, expectation: 2026-11-23T11:30:00Z":      true, // 12:00 in Berlin
		"expression: 'call.dateCreated:unix', operator: GT, expectation: 999999999":          true,
		"expression: ' call.from ', operator: GIVEN":                                         true,
		"expression: '{ call.from }', operator: GIVEN":                                       true,
		"expression: 'app.vip|nobody', operator: EQ, expectation: nobody":                    true,
		"expression: agent.sourceId, operator: REGEXP, expectation: '^[0-9a-f]{24}$'":        true,
		"expression: integration.kustomer.conversation.id, operator: GIVEN":                  true,
	} {
		require.Equal(t, want, holds(t, answered(), "{ conditions: [{ "+condition+" }] }"), condition)
	}
}

func TestConditionsAreJoinedAndInverted(t *testing.T) {
	const yes, no = "{ expression: call.id, operator: GIVEN }", "{ expression: call.id, operator: NOT_GIVEN }"
	for trigger, want := range map[string]bool{
		"always": true, "ALWAYS": true, `""`: true,
		"{ conditions: [] }":                                                 true,
		"{ type: ANY, conditions: [] }":                                      true,
		"{ conditions: [" + yes + ", " + no + "] }":                          false,
		"{ type: ALL, conditions: [" + yes + ", " + yes + "] }":              true,
		"{ type: ANY, conditions: [" + no + ", " + yes + "] }":               true,
		"{ type: ANY, conditions: [" + no + ", " + no + "] }":                false,
		"{ type: ANY, conditions: [" + no + ", " + yes + "], invert: true }": false,
		"{ conditions: [" + yes + ", " + no + "], invert: true }":            true,
		"{ conditions: [" + yes + "], invert: false }":                       true,
	} {
		require.Equal(t, want, holds(t, answered(), trigger), trigger)
		require.Equal(t, !want, met(t, answered(), "    invertTrigger: true\n    trigger: "+trigger+"\n", ""), trigger)
	}
	require.False(t, met(t, answered(), "    invertTrigger: true\n", ""), "never")
}

func TestTriggersCanBeNamed(t *testing.T) {
	const named = `
triggers:
  berlin: { conditions: [{ expression: app.shop, operator: EQ, expectation: Berlin }] }
  not berlin: { invert: true, conditions: [{ expression: app.shop, operator: EQ, expectation: Berlin }] }
`
	for trigger, want := range map[string]bool{"berlin": true, "not berlin": false} {
		require.Equal(t, want, met(t, answered(), "    trigger: "+trigger+"\n", named))
		require.Equal(t, !want, met(t, answered(), "    trigger: "+trigger+"\n    invertTrigger: true\n", named))
		require.Equal(t, !want, met(t, littleKnown(), "    trigger: "+trigger+"\n", named))
	}
}
