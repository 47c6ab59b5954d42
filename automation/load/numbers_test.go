package load

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// requireAtHome compares all problems and warnings of a file for Germany, one a line.
func requireAtHome(t *testing.T, want, file string) {
	t.Helper()
	_, warnings, err := BytesIn("DE", "f.yaml", []byte(file))
	var problems Problems
	if err != nil {
		require.ErrorAs(t, err, &problems)
	}
	require.Equal(t, want, texts(append(problems, warnings...)), file)
}

func TestNumbersAreChecked(t *testing.T) {
	for numbers, want := range map[string]string{
		`{ "+49 30 23125001": { name: Alpha }, 030 2312-5001: { name: Beta } }`: "1:48: this number appears twice: the first is on line 1",
		`{ "+49 30 23125001": { name: Alpha }, "+493023125001": { name: A } }`:  "1:48: this number appears twice: the first is on line 1",
		`{ Hotline: { name: Alpha } }`:                                          "1:12: this is not a phone number: write it with its country code, such as +493023125001",
		`{ "+49 30": { name: Alpha } }`:                                         "1:12: too short for a phone number with a country code: write it with its country code, such as +493023125001",
		`{ "030 23125001": Alpha }`:                                             "1:28: a number must be a mapping of names to values",
		`{ "030 23125001": { tags: [a] } }`:                                     `1:28: a number needs "name"`,
		`{ "030 23125001": { name: A, teamId: x } }`:                            `1:39: unknown key "teamId" in a number: did you mean "team"?`,
		`{ "030 23125001": { brand: A } }`:                                      `1:30: unknown key "brand" in a number: did you mean "name"?`,
		`{ "030 23125001": { name: A, team: Sales } }`:                          `1:45: "Sales" is not a Kustomer id, which has 24 hexadecimal digits`,
		`{ "030 23125001": { name: A, tags: a } }`:                              `1:45: "tags" must be a list, such as [a, b]`,
		`{ "030 23125001": { name: A, tags: [a, b, a] } }`:                      `1:52: the tag "a" appears twice`,
		`{ "030 23125001": { name: A, tags: ["{call.to}"] } }`:                  `1:46: tag "{call.to}": Kustomer takes letters, digits, spaces inside, and _ / < > - . only, 64 characters at most`,
		`["030 23125001"]`:                                                      `1:10: "numbers" must be a mapping of names to values`,
	} {
		requireAtHome(t, want, "numbers: "+numbers+"\n"+creating("{}"))
	}
}

func TestIgnoredNumbersAreChecked(t *testing.T) {
	for ignore, want := range map[string]string{
		`{ callers: [withhold] }`:                     `1:21: "withhold" is neither a number nor one of the words internal and withheld: did you mean "withheld"?`,
		`{ callers: [anonymous] }`:                    `1:21: "anonymous" is neither a number nor one of the words internal and withheld: did you mean "withheld"?`,
		`{ callers: [Extensions] }`:                   `1:21: "Extensions" is neither a number nor one of the words internal and withheld: did you mean "internal"?`,
		`{ callers: ["+49900"] }`:                     `1:21: too short for a phone number: did you mean all that begin with it? Then it ends with a star, such as +49900*`,
		`{ callers: ["*"] }`:                          `1:21: no number begins like this: write it with its country code and a star, such as +49900*`,
		`{ callers: ["900*"] }`:                       `1:21: no number begins like this: write it with its country code and a star, such as +49900*`,
		`{ callers: ["+49 30 23125001 Anna"] }`:       `1:21: this is not a phone number: write it with its country code, such as +493023125001`,
		`{ callers: [internal, internal] }`:           `1:31: this entry appears twice: the first is on line 1`,
		`{ callers: ["+49900*", 0900*] }`:             `1:32: this entry appears twice: the first is on line 1`,
		`{ callers: ["+49900*", "+49900123*"] }`:      `1:32: this changes nothing: the prefix on line 1 covers it`,
		`{ callers: ["0900 1234567", "+49900*"] }`:    `1:21: this changes nothing: the prefix on line 1 covers it`,
		`{ callers: withheld }`:                       `1:20: "callers" of "ignore" must be a list, such as ["+49900*", withheld]`,
		`{ called: [internal] }`:                      `1:20: this is not a phone number: write it with its country code, such as +493023125001`,
		`{ called: [030 23125001, "+493023125001"] }`: `1:34: this entry appears twice: the first is on line 1`,
		`{ numbers: [a] }`:                            `1:11: unknown key "numbers" in "ignore": use one of called, callers`,
		`[withheld]`:                                  `1:9: "ignore" must be a mapping of names to values`,
	} {
		requireAtHome(t, want, "ignore: "+ignore+"\n"+creating("{}"))
	}
	requireAtHome(t, "", "ignore:\n"+creating("{}"))
	requireAtHome(t, "", "ignore: { callers: [], called: }\n"+creating("{}"))
}

func TestNumberAppearsOnce(t *testing.T) {
	requireAtHome(t, `2:20: calls to this number are ignored, but "numbers" names it on line 1: leave it out of one of the two`,
		"numbers: { 030 23125001: { name: Alpha } }\nignore: { called: [\"+493023125001\"] }\n"+creating("{}"))
	requireAtHome(t, `1:20: calls to this number are ignored, but "numbers" names it on line 2: leave it out of one of the two`,
		"ignore: { called: [\"+493023125001\"] }\nnumbers: { 030 23125001: { name: Alpha } }\n"+creating("{}"))
}

func TestNumbersWithoutACountryGetWarnings(t *testing.T) {
	requireWarnings(t, `1:12: a number without a country code matches only if babelforce sends it in the same form: write it with its country code, such as +493023125001, or set --country (CALLTHREAD_COUNTRY)
2:21: a prefix without a country code matches no call: write it with its country code and a star, such as +49900*, or set --country (CALLTHREAD_COUNTRY)`,
		"numbers: { 030 23125001: { name: Alpha } }\nignore: { callers: [0900*] }\n"+creating("{}"))
}

func TestConditionsUseNumbersOfTheTable(t *testing.T) {
	const table = "numbers: { '+493023125001': { name: Alpha, team: " + teamID + " }, '+493023125002': { name: Beta } }\n"
	requireProblems(t, `5:83: {number.name} is never "Alhpa": did you mean "Alpha"? Use one of Alpha, Beta`, table+comparing("number.name, operator: EQ, expectation: Alhpa"))
	requireProblems(t, `5:85: {number.teamId} is never "Sales": use one of `+teamID, table+comparing("number.teamId, operator: EQ, expectation: Sales"))
	loaded(t, table+comparing("number.name, operator: NEQ, expectation: Alpha"))
	loaded(t, table+comparing("number.name, operator: NOT_GIVEN"))
	loaded(t, table+comparing("number.name|Other, operator: EQ, expectation: Other"))
}

func TestPlaceholdersNeedTheirTables(t *testing.T) {
	requireProblems(t, `5:14: {number.name} needs the table "numbers", which names your numbers`, ending("note: '{number.name}'"))
	requireProblems(t, `6:24: {number.teamId} needs a "team" in the table "numbers"`,
		"numbers: { '+493023125001': { name: Alpha } }\n"+ending("assignedTeams: ['{number.teamId}']"))
	requireProblems(t, `5:14: {call.withinServiceLevel} needs "serviceLevel", such as 20s, the longest wait that is within the service level`, ending("note: '{call.withinServiceLevel}'"))
	requireProblems(t, `6:14: {call.withinServiceLevel} is not known yet on call.inbound, only from call.bridged on`, "serviceLevel: 20s\n"+creating("name: '{call.withinServiceLevel}'"))
	requireProblems(t, `5:95: {call.withinServiceLevel} is never "yes": use one of true, false`, "serviceLevel: 20s\n"+comparing("call.withinServiceLevel, operator: EQ, expectation: yes"))
	requireProblems(t, `1:15: "serviceLevel" must be a length of time from 1s to 1h, written like 90s or 1h30m`, "serviceLevel: 20\n"+ending("{}"))
	requireWarnings(t, `1:15: "serviceLevel" is for {call.withinServiceLevel}, which the file does not use`, "serviceLevel: 20s\n"+ending("{}"))
	loaded(t, "serviceLevel: 20s\n"+comparing("call.withinServiceLevel, operator: EQ, expectation: true"))
	loaded(t, updating("note: 'Waited: {call.waitTime:words}'"))
}

func TestResolvesNeedsATagOfLostCalls(t *testing.T) {
	const resolves = "callers: { returning: { resolves: true } }\n"
	const needs = `1:35: "resolves" needs a tag of lost calls: a tag that the opening adds and call.bridged removes`
	requireProblems(t, needs, resolves+creating("tags: [lost]"))
	requireProblems(t, needs, resolves+updating("tags: { remove: [lost] }"))
	requireProblems(t, `1:35: "resolves" must be true or false`, "callers: { returning: { resolves: on call } }\n"+creating("{}"))
	requireProblems(t, `1:23: "returning" needs "policy"`, "callers: { returning: { resolves: true, within: 4h } }\nautomations:\n"+creation("tags: [lost]")+update("bridged", "tags: { remove: [lost] }"))
	set, _, err := Bytes("f.yaml", []byte(resolves+"automations:\n"+creation("tags: [lost]")+update("bridged", "tags: { remove: [lost] }")))
	require.NoError(t, err)
	require.True(t, set.Callers.Returning.Resolves)
	require.False(t, set.Callers.Returning.Append)
	loaded(t, "callers: { returning: { resolves: false } }\n"+creating("{}"))
}

func TestConditionsOnIgnoredCallsGetWarnings(t *testing.T) {
	const ignore = `ignore: { callers: ["+49900*"], called: [030 23125099] }` + "\n"
	const dead = `5:86: this holds for no inbound call: "ignore" names the number`
	requireAtHome(t, dead, ignore+comparing(`"call.to:e164", operator: EQ, expectation: "+493023125099"`))
	requireAtHome(t, strings.Replace(dead, "86", "88", 1), ignore+comparing(`"call.from:e164", operator: EQ, expectation: "+499001234567"`))
	requireAtHome(t, "", ignore+comparing(`"call.to:e164", operator: EQ, expectation: "+499001234567"`))
	requireAtHome(t, "", ignore+comparing(`"call.to:e164", operator: NEQ, expectation: "+493023125099"`))
}
