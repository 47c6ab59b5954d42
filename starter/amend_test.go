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
		"custom.doneAt=2026 custom.orderStr=12":  `{"custom": {"doneAt": "2026", "orderStr": "12"}}`,
		"custom.vipBool=true":                    `{"custom": {"vipBool": true}}`,
		"custom.countNum=12345678901234567890":   `{"custom": {"countNum": 12345678901234567890}}`,
		"custom.a=null custom.b=":                `{"custom": {"a": null, "b": null}}`,
		"custom.a=0049 custom.b.c=x":             `{"custom": {"a": "0049", "b.c": "x"}}`,
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

func TestAmendmentThatMakesNoSenseIsRefusedWithWhatIsWrong(t *testing.T) {
	for name, c := range map[string]struct {
		set   []string
		whole string
		says  string
	}{
		"nothing":               {nil, "", "--set field=value or with --json"},
		"both":                  {[]string{"name=x"}, "{}", "one of the two"},
		"no value":              {[]string{"name"}, "", "--set name: this is no field=value"},
		"no such field":         {[]string{"nots=x"}, "", `no field "nots", only customer, name, status, direction, priority, assignedUsers, assignedTeams, tags, removeTags, note, custom.<attribute>`},
		"no attribute":          {[]string{"custom.=x"}, "", `no field "custom."`},
		"no number":             {[]string{"priority=high"}, "", "--set priority=high: the value is not a whole number"},
		"twice":                 {[]string{"tags=a", "tags=b"}, "", "--set tags=b: the field is set twice"},
		"an attribute twice":    {[]string{"custom.a=", "custom.a=1"}, "", "set twice"},
		"no JSON":               {nil, "{", "--json: "},
		"no such field in JSON": {nil, `{"nots": ""}`, `"nots"`},
		"an empty JSON":         {nil, "{}", "names no field"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := readAmendment(c.set, c.whole)
			require.ErrorContains(t, err, c.says)
			require.NotContains(t, err.Error(), "\n")
		})
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
