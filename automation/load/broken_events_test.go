package load

import (
	"strings"
	"testing"

	"github.com/callthread/callthread/automation"
	"github.com/callthread/callthread/call"
)

func TestOptionsOfAnotherEventAreRefused(t *testing.T) {
	message := func(options string) string {
		return "automations:\n" + item("call.finished", messageAction, "", options) + creation("{}")
	}
	const outcomes = "answered, after_hours, failed, missed, unreached, abandoned_in_queue, abandoned_in_flow, no_agent, ended_by_flow, abandoned"
	for file, want := range map[string]string{
		// Outbound calls.
		"automations:\n" + placing("{}") + placing("{}"): "6:5: a second kustomer.conversation.create of call.outbound (the first is on line 2): " +
			"one call gets one conversation",
		"automations:\n" + placing("customer: '{call.from}'"): `5:17: "customer" on call.outbound must be "{call.to}", for the customer who is called, ` +
			"or a Kustomer customer id (24 hexadecimal digits)",
		creating("customer: '{call.to}'"): `5:17: "customer" on call.inbound must be "{call.from}", for the calling customer, ` +
			"or a Kustomer customer id (24 hexadecimal digits)",
		"automations:\n" + update(call.Outbound, "{}") + creation("{}"): "2:5: there would be no conversation for this: " +
			"a kustomer.conversation.create of call.outbound is missing",
		"automations:\n" + update(call.Inbound, "{}") + placing("{}"): "2:5: there would be no conversation for this: " +
			"a kustomer.conversation.create of call.inbound is missing",
		"automations:\n" + update(call.Outbound, "status: snoozed") + placing("{}"): `5:15: "status" cannot be "snoozed": use one of open, done`,
		"automations:\n" + placing("name: '{queue.name}'"):                          "5:14: {queue.name} is not known yet on call.outbound, only from call.bridged on",
		"automations:\n" + item("call.outgoing", createAction, "", "{}"):            `2:12: "event" cannot be "call.outgoing": did you mean "call.outbound"? Use one of call.bridged, call.finished, call.inbound, call.outbound, call.wrappedUp, recording.finished`,
		// Wrap-up.
		"wrapUpTime: 2m\n" + creating("{}"):                                     `1:13: "wrapUpTime" applies to automations of call.wrappedUp, but the file has none`,
		"wrapUpTime: 3h\n" + creating("{}") + update(call.WrappedUp, "{}"):      `1:13: "wrapUpTime" must be a length of time from 1s to 2h, written like 90s or 1h30m`,
		"wrapUpTime: 90\n" + creating("{}") + update(call.WrappedUp, "{}"):      `1:13: "wrapUpTime" must be a length of time from 1s to 2h, written like 90s or 1h30m`,
		"wrapUpTime: 500ms\n" + creating("{}") + update(call.WrappedUp, "{}"):   `1:13: "wrapUpTime" must be a length of time from 1s to 2h, written like 90s or 1h30m`,
		"wrapUptime: 2m\n" + creating("{}") + update(call.WrappedUp, "{}"):      `1:1: unknown key "wrapUptime" in the file: did you mean "wrapUpTime"?`,
		"wrapUpTime: 2m\n" + creating("{}") + item("a", updateAction, "", "{}"): `7:12: "event" cannot be "a": use one of call.bridged, call.finished, call.inbound, call.outbound, call.wrappedUp, recording.finished`,
		// Recordings.
		creating("name: '{recording.id}'"):                                "5:14: {recording.id} is known on recording.finished only",
		ending("note: '{recording.url}'"):                                 "5:14: {recording.url} is known on recording.finished only",
		creating("{}") + item("recording.finish", updateAction, "", "{}"): `6:12: "event" cannot be "recording.finish": did you mean "recording.finished"? Use one of call.bridged, call.finished, call.inbound, call.outbound, call.wrappedUp, recording.finished`,
		// Messages.
		"automations:\n" + item("call.bridged", messageAction, "", "{}") + creation("{}"): "2:5: kustomer.message.create goes with call.finished: " +
			"the entry on the timeline says how the call ended",
		message("{}") + item("call.finished", messageAction, "", "{}"): "10:5: a second kustomer.message.create of call.finished (the first is on line 2): " +
			"one call gets one entry on the timeline",
		"automations:\n" + item("call.finished", messageAction, "", "{}"): "2:5: there would be no conversation for this: a kustomer.conversation.create is missing",
		message("subject: " + strings.Repeat("ü", 257)):                   `5:16: "subject" is longer than 256 characters`,
		message("preview: '{call.outcme}'"):                               `5:17: unknown placeholder {call.outcme}: did you mean "call.outcome"?`,
		message("from: a"):                                                `5:7: unknown key "from" in the options of kustomer.message.create; the call's own numbers, direction and times are filled in`,
		message("sbject: a"):                                              `5:7: unknown key "sbject" in the options of kustomer.message.create: did you mean "subject"?`,
		// The outcome and the summary.
		updating("note: '{call.agents}'"):                                "5:14: {call.agents} is not known yet on call.bridged, only from call.finished on",
		ending("custom: { aNum: '{call.outcome}' }"):                     "5:23: aNum: {call.outcome} is an outcome, which a Num attribute cannot hold",
		ending("tags: { add: ['{call.outcome:words}'] }"):                `5:21: a tag cannot hold {call.outcome}, which is written like "its end was not reported, and nobody picked up": ` + automation.WhatTagsTake,
		ending("note: '{call.outcome:minutes}'"):                         `5:14: {call.outcome:minutes}: format "minutes" does not exist for an outcome: use words`,
		ending("assignedTeams: ['{queue.teamId}']"):                      `5:24: {queue.teamId} needs the table "queues", which maps queues to Kustomer teams`,
		comparing("call.outcome, operator: EQ, expectation: abandonned"): `4:84: {call.outcome} is never "abandonned": did you mean "abandoned"? Use one of answered, after_hours, failed, missed, unreached, abandoned_in_queue, abandoned_in_flow, no_agent, ended_by_flow, abandoned`,
		comparing("call.outcome, operator: NEQ, expectation: voicemail"): `4:85: {call.outcome} is never "voicemail": use one of ` + outcomes,
		comparing("call.direction, operator: EQ, expectation: outbound"): `4:86: {call.direction} is never "outbound": did you mean "out"? Use one of in, out`,
		comparing("call.endedBy, operator: EQ, expectation: customer"):   `4:84: {call.endedBy} is never "customer": use one of caller, agent, flow`,
		comparing("call.waitTime, operator: GT, expectation: long"):      `4:85: {call.waitTime} is a duration in seconds such as "95", never "long"`,
		"triggers: { t: { conditions: [{ expression: recording.id, operator: GIVEN }] } }\n" + creating("{}") + item("call.finished", updateAction, "    trigger: t\n", "{}"): "1:45: {recording.id} " +
			"is known on recording.finished only (used on call.finished on line 9)",
	} {
		requireProblems(t, want, file)
	}
}
