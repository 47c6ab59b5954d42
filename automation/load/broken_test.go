package load

import (
	"strings"
	"testing"

	"github.com/callthread/callthread/automation"
	"github.com/callthread/callthread/call"
)

func TestBrokenFilesGetPositionsAndHints(t *testing.T) {
	for file, want := range map[string]string{
		// The file.
		"":                                         `the file is empty: it needs "automations"`,
		"# nothing but a comment\n":                `the file is empty: it needs "automations"`,
		"automations:\n\t- a":                      "2:1: not YAML: found character that cannot start any token; use spaces, not tabs",
		"a: b: c":                                  "1:5: not YAML: mapping values are not allowed in this context; put the value in quotes",
		creating("name: {call.from} rang"):         "5:25: not YAML: did not find expected key; put a text with a placeholder in quotes",
		creating("name: @home"):                    "5:13: not YAML: found character that cannot start any token; put the value in quotes",
		creating("name: %a"):                       "5:13: not YAML: found character that cannot start any token; put the value in quotes",
		creating("name: *star"):                    "5:13: not YAML: unknown anchor 'star' referenced; put the value in quotes",
		creating("name: *star*"):                   "5:13: not YAML: unknown anchor 'star*' referenced; put the value in quotes",
		creating("name: &co: b"):                   "5:16: not YAML: mapping values are not allowed in this context; put the value in quotes",
		creating("tags:\n- Call: from: a"):         "6:19: not YAML: mapping values are not allowed in this context; put the value in quotes",
		creating("name: a\n\tstatus: open"):        "6:7: not YAML: found a tab character that violates indentation; use spaces, not tabs",
		creating("name: 'it's'\nstatus: open"):     "5:17: not YAML: did not find expected key; the quotes end before the value does: inside of them write '' for ' and \\\" for \"",
		creating("tags: [a, b\nstatus: open"):      "6:13: not YAML: did not find expected ',' or ']'; the [ on line 5 is not closed, or a comma is missing",
		"automations:\n  - event: a\n   action: b": "3:4: not YAML: did not find expected '-' indicator; its indentation matches no line above",
		"a: 1\nb: 2\n c: 3\nd: 4":                  "3:3: not YAML: mapping values are not allowed in this context; the value above goes on in this line: look at its quotes, and at the indentation",
		"a: [\nb: 2\n":                             "1:4: not YAML: did not find expected ',' or ']'; this [ is not closed",
		"\na: 1\n- b\n":                            "3:1: not YAML: did not find expected key; its indentation matches no line above",
		"a: 1\nb: 2\n- c\n":                        "3:1: not YAML: did not find expected key; its indentation matches no line above",
		"a: ]":                                     "1:4: not YAML: did not find expected node content; put the value in quotes",
		"a: [":                                     "1:5: not YAML: did not find expected node content; the file ends here: something above is not closed",
		"%YAML 1.1\n%YAML 1.1\n---\na: b":          "2:1: not YAML: found duplicate %YAML directive",
		"- a":                                      "1:1: the file must be a mapping of names to values",
		"---\n":                                    "2:1: the file must be a mapping of names to values",
		"timezone: UTC\n":                          `1:1: the file needs "automations"`,
		"automations: []":                          `1:1: "automations" is empty: no call would get a conversation`,
		"automations:":                             `1:1: "automations" is empty, but the file needs it`,
		"automations: always":                      `1:14: "automations" must be a list`,
		creating("{}") + "---\na: b":               "6:1: a second document: the file must contain only one",
		creating("{}") + "---\na: b: c":            "7:5: not YAML: mapping values are not allowed in this context; put the value in quotes",
		creating("{}") + "automation: []\n":        `6:1: unknown key "automation" in the file: did you mean "automations"?`,
		creating("{}") + "automations: []\n":       `6:1: "automations" appears twice`,
		"timezone: Berlin\n" + creating("{}"):      `1:11: unknown time zone "Berlin": use a name such as Europe/Berlin`,
		"fields: [my field]\n" + creating("{}"):    `1:10: "my field" cannot be the name of a field: use letters, digits, and _ . - inside`,
		"fields: [[a]]\n" + creating("{}"):         "1:10: a field must be a single value",
		strings.Repeat("#", maxFile+1):             "larger than 1 MiB",
		strings.Repeat("[", 100_000):               "1:10001: not YAML: exceeded max depth of 10000",
		"a: &a [b]\nautomations: *a":               "1:1: unknown key \"a\" in the file: use one of agents, automations, callers, fields, ignore, numbers, queues, serviceLevel, timezone, triggers, wrapUpTime\n2:14: aliases are not supported: write the value out",
		"x: &x {a: b}\n<<: *x\n" + creating("{}"):  "1:1: unknown key \"x\" in the file: use one of agents, automations, callers, fields, ignore, numbers, queues, serviceLevel, timezone, triggers, wrapUpTime\n2:1: unknown key \"<<\" in the file: use one of agents, automations, callers, fields, ignore, numbers, queues, serviceLevel, timezone, triggers, wrapUpTime",
		// Automations.
		"automations: [a]":  "1:15: an automation must be a mapping of names to values",
		"automations: [{}]": "1:15: an automation needs \"event\"\n1:15: an automation needs \"action\"\n1:15: an automation needs \"options\"",
		"automations: [{event: , action: \"\", options: {}}]": "1:16: \"event\" is empty, but an automation needs it\n" +
			"1:25: \"action\" is empty, but an automation needs it",
		"automations:\n" + item("call.created", createAction, "", "{}"): `2:12: "event" cannot be "call.created": did you mean "call.inbound"? Use one of call.bridged, call.finished, call.inbound, call.outbound, call.wrappedUp, recording.finished`,
		"automations:\n" + item("sms", createAction, "", "{}"):          `2:12: "event" cannot be "sms": use one of call.bridged, call.finished, call.inbound, call.outbound, call.wrappedUp, recording.finished`,
		"automations:\n" + item("call.inbound", "kustomer.conversation.creat", "", "nme: a"): `3:13: "action" cannot be "kustomer.conversation.creat": ` +
			"did you mean \"kustomer.conversation.create\"? Use one of kustomer.conversation.create, kustomer.conversation.update, kustomer.message.create\n5:7: unknown key \"nme\" in the options of kustomer.conversation.create: did you mean \"name\"?",
		"automations:\n" + item("call.inbound", "kustomer.conversation.replace", "", "nme: a"): `3:13: "action" cannot be "kustomer.conversation.replace": ` +
			`did you mean "kustomer.conversation.create"? Use one of kustomer.conversation.create, kustomer.conversation.update, kustomer.message.create`,
		"automations:\n" + item("sms", createAction, "", "nme: a"): "2:12: \"event\" cannot be \"sms\": use one of call.bridged, call.finished, call.inbound, call.outbound, call.wrappedUp, " +
			"recording.finished\n" +
			`5:7: unknown key "nme" in the options of kustomer.conversation.create: did you mean "name"?`,
		"automations:\n" + item("call.bridged", createAction, "", "{}"): "2:5: kustomer.conversation.create goes with call.inbound or call.outbound: " +
			"the conversation is opened while the phone rings",
		creating("{}") + creation("{}"):               "6:5: a second kustomer.conversation.create of call.inbound (the first is on line 2): one call gets one conversation",
		"automations:\n" + update(call.Bridged, "{}"): "2:5: there would be no conversation for this: a kustomer.conversation.create is missing",
		"automations:\n" + update(call.Bridged, "{}") + item("call.inbound", createAction, "    enabled: false\n", "{}"): "2:5: there would be " +
			"no conversation for this: a kustomer.conversation.create is missing",
		beside("priority: high"): `4:15: "priority" must be a whole number from -2147483648 to 2147483647`,
		beside("enabled: yes"):   `4:14: "enabled" must be true or false`,
		beside("invert: true"):   `4:5: unknown key "invert" in an automation: did you mean "invertTrigger"?`,
		beside("label: [a]"):     `4:12: "label" must be a single value`,
		// Options of both actions.
		creating("name: [a]"):                                               `5:13: "name" must be a single value`,
		creating("name: {call.from}"):                                       `5:13: "name" must be a single value; put a text that begins with a brace in quotes`,
		creating("nmae: a"):                                                 `5:7: unknown key "nmae" in the options of kustomer.conversation.create: did you mean "name"?`,
		creating("note: a"):                                                 `5:7: unknown key "note" in the options of kustomer.conversation.create; a note goes into an update of the same event, which becomes part of the creation`,
		creating("name: " + strings.Repeat("ü", 257)):                       `5:13: "name" is longer than 256 characters`,
		creating("customer: Ada"):                                           `5:17: "customer" on call.inbound must be "{call.from}", for the calling customer, or a Kustomer customer id (24 hexadecimal digits)`,
		creating("status: snoozed"):                                         `5:15: "status" cannot be "snoozed": use one of open, done`,
		creating("status: closed"):                                          `5:15: "status" cannot be "closed": did you mean "done"? Use one of open, done`,
		creating("direction: inbound"):                                      `5:18: "direction" cannot be "inbound": did you mean "in"? Use one of in, out`,
		creating("priority: 6"):                                             `5:17: "priority" must be a whole number from 1 to 5`,
		creating("priority: 2.5"):                                           `5:17: "priority" must be a whole number from 1 to 5`,
		creating("tags: vip"):                                               `5:13: "tags" must be a list, such as [a, b]`,
		creating("tags: { add: [vip!] }"):                                   `5:13: "tags" must be a list, such as [a, b]`,
		creating("tags: [a, 'b: c']"):                                       `5:17: tag "b: c": Kustomer takes letters, digits, spaces inside, and _ / < > - . only, 64 characters at most`,
		creating("tags: [" + strings.Repeat("a,", 21) + "]"):                `5:13: "tags" has 21 tags, but Kustomer takes 20 at most`,
		creating("assignedTeams: [Support]"):                                `5:23: "Support" is not a Kustomer id, which has 24 hexadecimal digits`,
		creating("assignedUsers: [" + strings.Repeat(userID+",", 11) + "]"): `5:22: "assignedUsers" has 11 entries, but Kustomer takes 10 at most`,
		creating("assignedUsers: ['{agent.sourceId}']"):                     "5:24: {agent.sourceId} is not known yet on call.inbound, only from call.bridged on",
		updating("id: '{call.id}'"):                                         `5:11: "id" must be "{integration.kustomer.conversation.id}": an update changes the call's own conversation`,
		"automations:\n" + update(call.Inbound, "status: snoozed") + creation("{}"): `5:15: "status" cannot be "snoozed": use one of open, done`,
		updating("status: pending"):          `5:15: "status" cannot be "pending": use one of open, snoozed, done`,
		updating("tags: [a]"):                `5:13: "tags" of an update needs "add", "remove" or "set" before its list`,
		updating("tags: { overwrite: [a] }"): `5:15: unknown key "overwrite" in "tags" of an update: did you mean "set"?`,
		updating("note: '{call.outcome}'"):   "5:14: {call.outcome} is not known yet on call.bridged, only from call.finished on",
		updating("note: &n a\nname: *n"):     "5:13: anchors are not supported: put a text that begins with & in quotes\n6:13: aliases are not supported: write the value out",
		updating("note: a\nnote: b"):         `6:7: "note" appears twice`,
		// Problems for every call.
		creating("tags: ['{call.from}']"):                                       `5:14: a tag cannot hold {call.from}, which is written like "+493066665555": ` + automation.WhatTagsTake,
		creating("tags: ['from {call.from:e164|x}', 'from_{call.from:last4}']"): `5:14: a tag cannot hold {call.from}, which is written like "+493066665555": ` + automation.WhatTagsTake,
		updating("tags: { add: ['{call.dateCreated:time}', '{call.dateCreated:date}'] }"): `5:21: a tag cannot hold {call.dateCreated}, ` +
			`which is written like "12:00": ` + automation.WhatTagsTake,
		updating("tags: { add: ['#{agent.name}', 'a{queue.name|?}', '{agent.name}_{queue.name|b}'] }"): `5:21: tag "#x": ` + automation.WhatTagsTake + "\n" +
			`5:38: tag "a?": ` + automation.WhatTagsTake,
		updating("assignedUsers: ['{agent.id}']"): "5:23: {agent.id} is not a Kustomer id: an assigned user is given by {agent.sourceId}, or by a field of your own",
		updating("assignedUsers: ['{agent.name|" + userID + "}']"): "5:23: {agent.name} is not a Kustomer id: an assigned user is given by {agent.sourceId}, " +
			"or by a field of your own",
		updating("assignedUsers: ['{agent.sourceId|Ada}', '{agent.sourceId|" + userID + "}']"): `5:23: the default "Ada" is not a Kustomer id, which has 24 hexadecimal digits`,
		updating("assignedTeams: ['{agent.sourceId}']"):                                        "5:23: {agent.sourceId} is not a Kustomer id: an assigned team is given by its id, by {queue.teamId}, by {number.teamId}, or by a field of your own",
		"fields: [team]\n" + updating("assignedTeams: ['{team}', '{team|Support}']"):           `6:33: the default "Support" is not a Kustomer id, which has 24 hexadecimal digits`,
		// Custom attributes.
		creating("custom: { aNum: '{call.from:last4}' }"):         "5:23: aNum: a format makes {call.from} text, which a Num attribute cannot hold",
		creating("custom: { aAt: '{call.dateCreated:date}' }"):    "5:22: aAt: a format makes {call.dateCreated} text, which an At attribute cannot hold",
		creating("custom: { aAt: '{call.dateCreated:unix}' }"):    "5:22: aAt: a format makes {call.dateCreated} text, which an At attribute cannot hold",
		updating("custom: { aBool: '{call.duration:words}' }"):    "5:24: aBool: a format makes {call.duration} text, which a Bool attribute cannot hold",
		updating("custom: { aNum: '{call.duration|none}' }"):      `5:23: aNum: the default "none" is not a number`,
		creating("custom: { aAt: '{call.dateCreated|never}' }"):   `5:22: aAt: the default "never" is not a time`,
		creating("custom: { aBool: '{call.anonymous|perhaps}' }"): `5:24: aBool: the default "perhaps" is not true or false`,
		creating("custom: { aUrl: '{call.id|none}' }"):            `5:23: aUrl: the default "none" is not an absolute URL`,
		creating("custom: { aUrl: 'x.example/{call.id}' }"):       "5:23: aUrl: an absolute URL begins with http:// or https://",
		creating("custom: [a]"):                                   `5:15: "custom" must be a mapping of names to values`,
		creating("custom: { aNum: 1, aNum: 2 }"):                  `5:26: "aNum" appears twice`,
		creating("custom: { a-b: 1 }"):                            `5:17: "a-b" is not a valid attribute name: use letters and digits`,
		creating("custom: { aNum: true }"):                        `5:23: aNum: "true" is not a number`,
		creating("custom: { aBool: yes }"):                        `5:24: aBool: "yes" is not true or false`,
		creating("custom: { aAt: 2026-11-23 }"):                   `5:22: aAt: "2026-11-23" is not a time`,
		creating("custom: { aUrl: example.com }"):                 `5:23: aUrl: "example.com" is not an absolute URL`,
		creating("custom: { aNum: '{call.from}' }"):               "5:23: aNum: {call.from} is a phone number, which a Num attribute cannot hold",
		creating("custom: { aAt: 'at {call.dateCreated}' }"):      "5:22: aAt: text around a placeholder makes it text, which an At attribute cannot hold",
		creating("custom: { aNum: '{call.form} s' }"):             `5:24: unknown placeholder {call.form}: did you mean "call.from"?`,
		creating("custom: { aStr: {call.from} }"):                 "5:23: aStr must be a single value; put a text that begins with a brace in quotes",
		// Placeholders.
		creating("name: '{call.form}'"):  `5:14: unknown placeholder {call.form}: did you mean "call.from"?`,
		creating("name: '{shop}'"):       `5:14: unknown placeholder {shop}; a field of your own must be listed under "fields"`,
		creating("name: 'a {call.from'"): `5:16: a "{" that is not closed on its line; write "{{" for the brace itself`,
		creating("name: 'a } b'"):        `5:16: a "}" with no "{" before it; write "}}" for the brace itself`,
		creating("name: 'a { b }'"):      `5:16: { b } is not a placeholder; a placeholder looks like {call.from}, {agent.name|nobody} or {call.dateCreated:date}`,
		creating("name: '{call.from:date}'"): `5:14: {call.from:date}: format "date" does not exist for a phone number: ` +
			"use e164, international, last2, last3, last4, national",
		creating("name: '{call.id:date}'"): "5:14: {call.id:date}: there are no formats for text",
		// Triggers.
		beside("trigger: alway"):                          `4:14: unknown trigger "alway": did you mean "always"?; triggers are listed under "triggers"`,
		beside("trigger: [a]"):                            "4:14: a trigger must be a mapping of names to values",
		beside("trigger: {}"):                             `4:14: a trigger needs "conditions"`,
		beside("trigger: { type: NONE, conditions: [] }"): `4:22: "type" cannot be "NONE": use one of ALL, ANY`,
		beside("trigger: { conditions: [{ expression: call.id, operator: EQUALS }] }"): `4:62: "operator" cannot be "EQUALS": did you mean "EQ"? Use one of ` +
			"CONTAINS, ENDS_WITH, EQ, GE, GIVEN, GT, IS_NOT_NULL, IS_NULL, LE, LIKE, LT, NEQ, NOT_CONTAINS, NOT_GIVEN, REGEXP, STARTS_WITH",
		beside("trigger: { conditions: [{ expression: call.id, operator: }] }"): `4:52: "operator" is empty, but a condition needs it`,
		beside("trigger: { conditions: [{ expression: , operator: GIVEN }] }"):  `4:31: "expression" is empty, but a condition needs it`,
		beside("trigger: { conditions: [{ expression: agent.id, operator: GIVEN }] }"): "4:43: {agent.id} is not known yet on call.inbound, " +
			"only from call.bridged on",
		beside("trigger: { conditions: [{ expression: call.id, operator: EQ }] }"):                    `4:29: operator EQ needs an "expectation"`,
		beside("trigger: { conditions: [{ expression: call.id, operator: GIVEN, expectation: 1 }] }"): "4:82: operator GIVEN takes no expectation",
		beside("trigger: { conditions: [{ expression: call.id, operator: REGEXP, expectation: '(' }] }"): "4:83: not a regular expression: " +
			"error parsing regexp: missing closing ): `(`",
		comparing("call.anonymous, operator: EQ, expectation: yes"):           `4:86: {call.anonymous} is never "yes": use one of true, false`,
		comparing("call.dateCreated, operator: GE, expectation: 2026-11-23"):  `4:88: {call.dateCreated} is a time such as "2026-11-23T12:00:00Z", never "2026-11-23"`,
		comparing("'call.dateCreated:unix', operator: GE, expectation: noon"): `4:95: {call.dateCreated:unix} is a number such as "1795435200", never "noon"`,
		comparing("call.id, operator: '>=', expectation: 1"):                  `4:62: "operator" cannot be ">=": did you mean "GE"? Use one of CONTAINS, ENDS_WITH, EQ, GE, GIVEN, GT, IS_NOT_NULL, IS_NULL, LE, LIKE, LT, NEQ, NOT_CONTAINS, NOT_GIVEN, REGEXP, STARTS_WITH`,
		comparing("call.id, operator: =, expectation: 1"):                     `4:62: "operator" cannot be "=": did you mean "EQ"? Use one of CONTAINS, ENDS_WITH, EQ, GE, GIVEN, GT, IS_NOT_NULL, IS_NULL, LE, LIKE, LT, NEQ, NOT_CONTAINS, NOT_GIVEN, REGEXP, STARTS_WITH`,
		comparing("call.id, operator: '!=', expectation: 1"):                  `4:62: "operator" cannot be "!=": did you mean "NEQ"? Use one of CONTAINS, ENDS_WITH, EQ, GE, GIVEN, GT, IS_NOT_NULL, IS_NULL, LE, LIKE, LT, NEQ, NOT_CONTAINS, NOT_GIVEN, REGEXP, STARTS_WITH`,
		"triggers: { t: { conditions: [{ expression: call.duration, operator: GT, expectation: long }] } }\n" + creating("{}"): `1:87: {call.duration} ` +
			`is a duration in seconds such as "95", never "long"`,
		"triggers: { t: { conditions: [{ expression: call.outcome, operator: EQ, expectation: Answered }] } }\n" + creating("{}"): `1:86: {call.outcome} is never "Answered": did you mean "answered"? Use one of answered, after_hours, failed, missed, unreached, abandoned_in_queue, abandoned_in_flow, no_agent, ended_by_flow, abandoned`,
		creating("direction: Inbound"):                                                  `5:18: "direction" cannot be "Inbound": did you mean "in"? Use one of in, out`,
		"triggers: { always: { conditions: [] } }\n" + creating("{}"):                   `1:13: "always" cannot be the name of a trigger: it means that the automation has no trigger`,
		"triggers: { a: { conditions: [] }, a: { conditions: [] } }\n" + creating("{}"): `1:36: "a" appears twice`,
		"triggers: { unused: { conditions: [{ expression: call.ID, operator: GIVEN }] } }\n" + creating("{}"): `1:50: unknown placeholder {call.ID}: ` +
			`did you mean "call.id"?`,
	} {
		requireProblems(t, want, file)
	}
}
