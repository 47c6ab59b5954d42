package main

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/callthread/callthread/workflows"
)

func TestAmendmentIsReadFieldByField(t *testing.T) {
	for set, want := range map[string]string{
		"customer=+49 30 23125042":               `{"customer": "+49 30 23125042"}`,
		"name=a=b":                               `{"name": "a=b"}`,
		"note=":                                  `{"note": ""}`,
		"status=done direction=out":              `{"status": "done", "direction": "out"}`,
		"priority=3":                             `{"priority": 3}`,
		"tags=a,b":                               `{"tags": ["a", "b"]}`,
		"removeTags= a , ,b,":                    `{"removeTags": ["a", "b"]}`,
		"assignedTeams=":                         `{"assignedTeams": []}`,
		"assignedUsers=5f0c1a2b3c4d5e6f70819210": `{"assignedUsers": ["5f0c1a2b3c4d5e6f70819210"]}`,
		"custom.orderStr=12 custom.orderTxt=1":   `{"custom": {"orderStr": "12", "orderTxt": "1"}}`,
		"custom.doneAt=2026-11-23T12:00:00Z":     `{"custom": {"doneAt": "2026-11-23T12:00:00Z"}}`,
		"custom.vipBool=true":                    `{"custom": {"vipBool": true}}`,
		"custom.countNum=12345678901234567890":   `{"custom": {"countNum": 12345678901234567890}}`,
		"custom.a=null custom.b=":                `{"custom": {"a": null, "b": null}}`,
		"custom.a=0049 custom.b_c=x":             `{"custom": {"a": "0049", "b_c": "x"}}`,
		"priority= custom.b=":                    `{"priority": 0, "custom": {"b": null}}`,
		`custom.a={} custom.b="x"`:               `{"custom": {"a": "{}", "b": "\"x\""}}`,
		"custom.a=1,2 custom.b=yes":              `{"custom": {"a": "1,2", "b": "yes"}}`,
	} {
		sets := strings.Fields(set)
		if strings.Count(set, "=") == 1 || strings.HasPrefix(set, "name=") {
			sets = []string{set}
		}
		amendment, err := readAmendment(sets, "")
		require.NoError(t, err, set)
		text, err := json.Marshal(amendment)
		require.NoError(t, err)
		require.Equal(t, strings.ReplaceAll(strings.ReplaceAll(want, `": `, `":`), `, "`, `,"`), string(text), set)
	}
}

func TestAmendmentIsReadAsAWhole(t *testing.T) {
	amendment, err := readAmendment(nil, `{"assignedTeams": [], "custom": {"orderStr": "12"}}`)
	require.NoError(t, err)
	require.Equal(t, workflows.Amendment{AssignedTeams: &[]string{}, Custom: map[string]any{"orderStr": "12"}}, amendment)
}

func TestInvalidAmendmentIsRefused(t *testing.T) {
	for name, c := range map[string]struct {
		set   []string
		whole string
		says  string
	}{
		"nothing":               {nil, "", "--set field=value or with --json"},
		"both":                  {[]string{"name=x"}, "{}", "not both"},
		"no value":              {[]string{"name"}, "", "--set name: this is not field=value"},
		"no such field":         {[]string{"nots=x"}, "", `unknown field "nots": the fields are customer, name, status, direction, priority, assignedUsers, assignedTeams, tags, removeTags, note, custom.<attribute>`},
		"no attribute":          {[]string{"custom.=x"}, "", `unknown field "custom."`},
		"no number":             {[]string{"priority=high"}, "", "--set priority=high: the value is not a whole number above 0"},
		"0":                     {[]string{"priority=0"}, "", "--set priority=0: the value is not a whole number above 0"},
		"twice":                 {[]string{"tags=a", "tags=b"}, "", "--set tags=b: the field is set twice"},
		"an attribute twice":    {[]string{"custom.a=", "custom.a=1"}, "", "set twice"},
		"no JSON":               {nil, "{", "--json: "},
		"no such field in JSON": {nil, `{"nots": ""}`, `"nots"`},
		"an empty JSON":         {nil, "{}", "changes no field"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := readAmendment(c.set, c.whole)
			require.ErrorContains(t, err, c.says)
			require.NotContains(t, err.Error(), "\n")
		})
	}
}

// The limits of the automations file apply to amendments too.
func TestAmendmentHasTheLimitsOfTheFile(t *testing.T) {
	for _, c := range []struct{ set, says string }{
		{"priority=9", "priority must be a whole number from 1 to 5"},
		{"status=closed", `status cannot be "closed": use one of open, snoozed, done`},
		{"direction=inbound", `direction cannot be "inbound": use one of in, out`},
		{"name=" + strings.Repeat("x", 257), "name is longer than 256 characters"},
		{"note=" + strings.Repeat("x", 10241), "note is longer than 10240 characters"},
		{"tags=good,not so!", `tags: tag "not so!": Kustomer takes letters`},
		{"removeTags=not so!", `removeTags: tag "not so!": Kustomer takes letters`},
		{"tags=a,b,a", `tags has "a" twice`},
		{"tags=" + strings.Join(strings.Split("abcdefghijklmnopqrstu", ""), ","), "tags has 21 entries, but Kustomer takes 20 at most"},
		{"assignedUsers=amira", `assignedUsers: "amira" is not a Kustomer id, which has 24 hexadecimal digits`},
		{"assignedTeams=Support", `assignedTeams: "Support" is not a Kustomer id`},
		{"custom.a-b=1", `custom: "a-b" is not a valid attribute name`},
		{"custom.countNum=many", "custom.countNum: the value is not a number"},
		{"custom.vipBool=yes", "custom.vipBool: the value is not true or false"},
		{"custom.doneAt=2026", "custom.doneAt: the value is not a time"},
		{"custom.orderUrl=/orders/12", "custom.orderUrl: the value is not an absolute URL"},
		{"custom.orderStr=" + strings.Repeat("x", 1025), "custom.orderStr: the value is not a text of 1024 characters at most"},
		{"customer=Anna", "customer is neither a Kustomer customer id"},
		{"customer=client:user_2089123456", "customer is neither a Kustomer customer id"},
		{"customer=2001", "customer is neither a Kustomer customer id"},
	} {
		_, err := readAmendment([]string{c.set}, "")
		require.ErrorContains(t, err, c.says, c.set)
		require.NotContains(t, err.Error(), "\n")
	}
	for whole, says := range map[string]string{
		`{"priority": -1}`:              "priority must be",
		`{"custom": {"orderStr": 12}}`:  "custom.orderStr: the value is not a text",
		`{"custom": {"countNum": "1"}}`: "custom.countNum: the value is not a number",
		`{"custom": {"order": {}}}`:     "custom.order: the value is not a text, a number, true or false",
		`{"custom": {"vipBool": 1}}`:    "custom.vipBool: the value is not true or false",
	} {
		_, err := readAmendment(nil, whole)
		require.ErrorContains(t, err, says, whole)
	}
}

func TestEveryFieldOfAnAmendmentCanBeSet(t *testing.T) {
	var amendment workflows.Amendment
	settable := make(map[string]bool)
	for _, f := range fieldsOf(&amendment) {
		settable[f.name] = true
		require.NoError(t, put(f.at, "1"), f.name)
	}
	require.NoError(t, assign(&amendment, "custom.a=1"))
	settable["custom"] = true
	fields := reflect.ValueOf(amendment)
	require.Len(t, settable, fields.NumField())
	for i := range fields.NumField() {
		name, _, _ := strings.Cut(fields.Type().Field(i).Tag.Get("json"), ",")
		require.True(t, settable[name], name)
		require.False(t, fields.Field(i).IsZero(), name)
	}
}
