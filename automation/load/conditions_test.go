package load

import (
	"regexp"
	"testing"

	"github.com/stretchr/testify/require"
)

// place matches the position of a message.
var place = regexp.MustCompile(`^4:\d+: `)

func TestImpossibleConditionsAreRefused(t *testing.T) {
	const outcomes = "answered, after_hours, failed, missed, unreached, abandoned_in_queue, abandoned_in_flow, no_agent, ended_by_flow"
	const like = "; in LIKE, % stands for any text and _ for any character"
	for condition, want := range map[string]string{
		// Phone numbers in a format.
		`"call.to:e164", operator: EQ, expectation: "+49 30 23125001"`:        `{call.to:e164} is never "+49 30 23125001": write "+493023125001"`,
		`"call.to:international", operator: EQ, expectation: "+493023125001"`: `{call.to:international} is never "+493023125001": write "+49 30 23125001"`,
		`"call.from:national", operator: EQ, expectation: "+49 30 23125001"`:  `{call.from:national} is never "+49 30 23125001": write "030 23125001"`,
		`"call.from:last4", operator: EQ, expectation: "25001"`:               `{call.from:last4} is never "25001": write "5001"`,
		`"call.from:last2", operator: EQ, expectation: "…01"`:                 `{call.from:last2} is never "…01": write "01"`,
		`"call.to:e164", operator: STARTS_WITH, expectation: "+49 30"`:        `no {call.to:e164} contains "+49 30": it looks like "+493066665555"`,
		`"call.to:e164", operator: LIKE, expectation: "+4930*"`:               `no {call.to:e164} contains "+4930*": it looks like "+493066665555"` + like,
		`"call.to:e164", operator: LIKE, expectation: "+49 30%"`:              `no {call.to:e164} contains "+49 30%": it looks like "+493066665555"`,
		`call.from, operator: REGEXP, expectation: "^+49"`:                    `in "^+49" a sign of repetition has no character before it: write \+, \* or \? for the character itself`,
		`call.from, operator: REGEXP, expectation: "(a|\\b*c)"`:               `in "(a|\\b*c)" a sign of repetition has no character before it: write \+, \* or \? for the character itself`,
		`call.from, operator: REGEXP, expectation: "+49"`:                     "not a regular expression: error parsing regexp: missing argument to repetition operator: `+`: " + `write \+, \* or \? for the character itself`,
		`call.from, operator: REGEXP, expectation: "*49"`:                     "not a regular expression: error parsing regexp: missing argument to repetition operator: `*`: " + `write \+, \* or \? for the character itself`,
		// Times and durations.
		`"call.dateCreated:time", operator: GE, expectation: "9:00"`:         `{call.dateCreated:time} is never "9:00": write "09:00"`,
		`"call.dateCreated:time", operator: LT, expectation: "17 Uhr"`:       `{call.dateCreated:time} is text such as "12:00", never "17 Uhr"`,
		`"call.dateCreated:date", operator: EQ, expectation: "24.12.2026"`:   `{call.dateCreated:date} is text such as "2026-11-23", never "24.12.2026"`,
		`"call.dateCreated:datetime", operator: GT, expectation: 2026-12-24`: `{call.dateCreated:datetime} is text such as "2026-11-23 12:00", never "2026-12-24"`,
		`"call.dateCreated:date", operator: STARTS_WITH, expectation: "24."`: `no {call.dateCreated:date} contains "24.": it looks like "2026-11-23"`,
		`call.duration, operator: EQ, expectation: "1:35"`:                   `{call.duration} is a duration in seconds such as "95", never "1:35"`,
		`call.duration, operator: EQ, expectation: -1`:                       `{call.duration} is a duration in seconds such as "95", never "-1"`,
		`call.duration, operator: CONTAINS, expectation: "min"`:              `no {call.duration} contains "min": it looks like "95"`,
		`"call.duration:minutes", operator: EQ, expectation: "95"`:           `{call.duration:minutes} is text such as "1:35", never "95"`,
		`"call.duration:minutes", operator: EQ, expectation: "01:35"`:        `{call.duration:minutes} is never "01:35": write "1:35"`,
		`"call.talkTime:words", operator: EQ, expectation: "1 min"`:          `{call.talkTime:words} is text such as "1 min 35 s", never "1 min"`,
		`"call.talkTime:words", operator: EQ, expectation: "95 s"`:           `{call.talkTime:words} is never "95 s": write "1 min 35 s"`,
		// Words.
		`call.outcome, operator: EQ, expectation: lost`:                `{call.outcome} is never "lost": use one of ` + outcomes + ", abandoned",
		`call.outcome, operator: STARTS_WITH, expectation: call_`:      `{call.outcome} STARTS_WITH "call_" has the same result for every value: use one of ` + outcomes + ", abandoned",
		`call.outcome, operator: NOT_CONTAINS, expectation: voicemail`: `{call.outcome} NOT_CONTAINS "voicemail" has the same result for every value: use one of ` + outcomes + ", abandoned",
		`call.outcome, operator: REGEXP, expectation: "^lost$"`:        `{call.outcome} REGEXP "^lost$" has the same result for every value: use one of ` + outcomes + ", abandoned",
		`call.direction, operator: LIKE, expectation: "inbound%"`:      `{call.direction} LIKE "inbound%" has the same result for every value: use one of in, out`,
		`"call.endedBy|nobody", operator: EQ, expectation: customer`:   `{call.endedBy} is never "customer": use one of caller, agent, flow, nobody`,
		`call.anonymous, operator: NEQ, expectation: 1`:                `{call.anonymous} is never "1": use one of true, false`,
		`"call.outcome:words", operator: EQ, expectation: no_agent`: `{call.outcome:words} is never "no_agent": use one of answered, came after hours, failed, ` +
			"its end was not reported, and nobody picked up, the called party did not pick up, the caller hung up in the queue, " +
			"the caller hung up before reaching a queue, no agent picked up, the call flow ended it",
	} {
		_, warnings, err := Bytes("f.yaml", []byte(comparing(condition)))
		var problems Problems
		require.ErrorAs(t, err, &problems, condition)
		require.Equal(t, want, place.ReplaceAllString(texts(problems), ""))
		require.Empty(t, warnings)
	}
}

func TestPossibleConditionsAreAccepted(t *testing.T) {
	for _, condition := range []string{
		`"call.to:e164", operator: EQ, expectation: "+493023125001"`,
		`"call.to:e164", operator: EQ, expectation: "201"`, // an extension
		`"call.to:e164", operator: CONTAINS, expectation: "sip:"`,
		`"call.to:e164", operator: LIKE, expectation: "+4930%"`,
		`"call.from:e164|none", operator: EQ, expectation: "none"`,
		`"call.from:national", operator: EQ, expectation: "030 23125001"`,
		`"call.from:national", operator: STARTS_WITH, expectation: "030 "`,
		`"call.from:national", operator: EQ, expectation: "(473) 269-1234"`, // a number in Norway has the same digits
		`"call.from:last4", operator: EQ, expectation: "5001"`,
		`call.from, operator: EQ, expectation: "+493023125001"`,
		`call.from, operator: EQ, expectation: anonymous`,
		`call.from, operator: REGEXP, expectation: "^\\+49(30)+"`,
		`call.from, operator: REGEXP, expectation: "^[+]49.*$"`,
		`"call.dateCreated:time", operator: GE, expectation: "09:00"`,
		`"call.dateCreated:date", operator: EQ, expectation: 2026-12-24`,
		`"call.dateCreated:date", operator: LIKE, expectation: "%-12-24"`,
		`call.dateCreated, operator: LIKE, expectation: "%t09:%"`,
		`"call.dateCreated:unix", operator: GT, expectation: 999999999`,
		`call.duration, operator: EQ, expectation: 60.0`,
		`call.duration, operator: LIKE, expectation: "1_"`,
		`"call.duration:minutes", operator: EQ, expectation: "0:59"`,
		`"call.duration:words", operator: EQ, expectation: "59 s"`,
		`"call.duration:words", operator: ENDS_WITH, expectation: " s"`,
		`call.anonymous, operator: EQ, expectation: "TRUE"`,
		`"call.dateEstablished:time|not yet", operator: LIKE, expectation: "not%"`,
		`"call.duration|none", operator: NEQ, expectation: none`,
		`call.finishReason, operator: EQ, expectation: no-answer`,
		`call.finishReason, operator: CONTAINS, expectation: hangup`,
		`call.anonymous, operator: REGEXP, expectation: "^\\S+e$"`,
		`call.outcome, operator: NEQ, expectation: abandoned`,
		`call.outcome, operator: STARTS_WITH, expectation: abandoned`,
		`call.outcome, operator: LIKE, expectation: "%"`,
		`call.outcome, operator: CONTAINS, expectation: ""`,
		`call.endedBy, operator: NEQ, expectation: ""`,
		`"call.endedBy|nobody", operator: EQ, expectation: nobody`,
		`"call.outcome:words", operator: EQ, expectation: no agent picked up`,
		`agent.name, operator: EQ, expectation: "\u201cAmira\u201d"`,
	} {
		loaded(t, comparing(condition))
	}
}

func TestUnlikelyConditionsGetWarnings(t *testing.T) {
	for condition, want := range map[string]string{
		`call.type, operator: EQ, expectation: in`: `babelforce documents no {call.type} "in": use one of inbound, outbound`,
		`call.finishReason, operator: NEQ, expectation: no_answer`: `babelforce documents no {call.finishReason} "no_answer": did you mean "no-answer"? Use one of unknown, hangup, ` +
			"passive-hangup, system-hangup, failed, timeout, unreachable, busy, declined, canceled, transferred, network-unreachable, unallocated-number, " +
			"invalid-number, no-answer, dropped",
		`"call.to:e164", operator: NOT_CONTAINS, expectation: "30-23"`:   `no {call.to:e164} contains "30-23": it looks like "+493066665555"`,
		`"call.to:e164", operator: NEQ, expectation: "0049 30 23125001"`: `no {call.to:e164} contains "0049 30 23125001": it looks like "+493066665555"`,
		`call.from, operator: EQ, expectation: "+49 30 23125001"`:        `babelforce may not write {call.from} like "+49 30 23125001": compare {call.from:e164} with "+493023125001"`,
		`agent.number, operator: NEQ, expectation: "+49 30-23125001"`:    `babelforce may not write {agent.number} like "+49 30-23125001": compare {agent.number:e164} with "+493023125001"`,
		`call.from, operator: LIKE, expectation: "+4930*"`:               `the * of "+4930*" matches only a literal *; in LIKE, % stands for any text and _ for any character`,
		`agent.name, operator: LIKE, expectation: "*Haddad"`:             `the * of "*Haddad" matches only a literal *; in LIKE, % stands for any text and _ for any character`,
		`"call.waitTime:minutes", operator: GT, expectation: "2:00"`:     `{call.waitTime:minutes} is compared as text, in which 10:00 comes before 9:00: compare {call.waitTime} with a number of seconds`,
		"queue.name, operator: EQ, expectation: “Support”":               "the quotes in “Support” are part of the text: YAML's own are \" and '",
		"queue.name, operator: EQ, expectation: «Support»":               "the quotes in «Support» are part of the text: YAML's own are \" and '",
		"queue.name, operator: EQ, expectation: „Support“":               "the quotes in „Support“ are part of the text: YAML's own are \" and '",
	} {
		_, warnings, err := Bytes("f.yaml", []byte(comparing(condition)))
		require.NoError(t, err, condition)
		require.Equal(t, want, place.ReplaceAllString(texts(warnings), ""))
	}
}
