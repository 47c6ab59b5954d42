package load

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v4"

	"github.com/callthread/callthread/automation"
	"github.com/callthread/callthread/call"
)

// schemaID is the address under which editors find the schema.
const schemaID = "https://raw.githubusercontent.com/callthread/callthread/main/automation/automations.schema.json"

func loadSchema(t *testing.T) *jsonschema.Schema {
	t.Helper()
	content, err := os.ReadFile("../automations.schema.json")
	require.NoError(t, err)
	document, err := jsonschema.UnmarshalJSON(bytes.NewReader(content))
	require.NoError(t, err)
	compiler := jsonschema.NewCompiler()
	require.NoError(t, compiler.AddResource(schemaID, document))
	schema, err := compiler.Compile(schemaID)
	require.NoError(t, err)
	require.Equal(t, schemaID, schema.ID)
	return schema
}

// asJSON returns a file in the form in which editors validate it against a schema.
func asJSON(t *testing.T, file string) (value any) {
	t.Helper()
	require.NoError(t, yaml.Unmarshal([]byte(file), &value))
	text, err := json.Marshal(value)
	require.NoError(t, err)
	value, err = jsonschema.UnmarshalJSON(bytes.NewReader(text))
	require.NoError(t, err)
	return value
}

// names returns the properties and words of a schema and its subschemas.
func names(s *jsonschema.Schema, seen map[*jsonschema.Schema]bool) (all []string) {
	if s == nil || seen[s] {
		return nil
	}
	seen[s] = true
	if s.Enum != nil {
		for _, word := range s.Enum.Values {
			all = append(all, fmt.Sprintf("%s = %v", s.Location, word))
		}
	}
	for name, property := range s.Properties {
		all = append(append(all, s.Location+"."+name), names(property, seen)...)
	}
	extra, _ := s.AdditionalProperties.(*jsonschema.Schema)
	for _, part := range append(s.OneOf, s.Ref, s.Then, s.Else, s.Items2020, extra) {
		all = append(all, names(part, seen)...)
	}
	return all
}

// use records the names of a schema that a value uses.
func use(s *jsonschema.Schema, value any, used map[string]bool) {
	if s == nil || s.Validate(value) != nil {
		return
	}
	if s.Enum != nil {
		for _, word := range s.Enum.Values {
			if reflect.DeepEqual(word, value) {
				used[fmt.Sprintf("%s = %v", s.Location, word)] = true
			}
		}
	}
	branch := s.Then
	if s.If != nil && s.If.Validate(value) != nil {
		branch = s.Else
	}
	for _, part := range append(s.OneOf, s.Ref, branch) {
		use(part, value, used)
	}
	switch value := value.(type) {
	case []any:
		for _, item := range value {
			use(s.Items2020, item, used)
		}
	case map[string]any:
		for name, item := range value {
			if property, ok := s.Properties[name]; ok {
				used[s.Location+"."+name] = true
				use(property, item, used)
			} else if extra, ok := s.AdditionalProperties.(*jsonschema.Schema); ok {
				use(extra, item, used)
			}
		}
	}
}

func TestLoaderAcceptsAllOfTheSchema(t *testing.T) {
	schema, used := loadSchema(t), make(map[string]bool)
	files, err := filepath.Glob("testdata/everything*.yaml") // several files, because a file can contain some keys only once
	require.NoError(t, err)
	for _, file := range files {
		everything, err := os.ReadFile(file)
		require.NoError(t, err)
		_, _, err = Bytes(file, everything)
		require.NoError(t, err)
		value := asJSON(t, string(everything))
		require.NoError(t, schema.Validate(value))
		use(schema, value, used)
	}
	offered := names(schema, make(map[*jsonschema.Schema]bool))
	require.Greater(t, len(offered), 70)
	require.ElementsMatch(t, offered, slices.Collect(maps.Keys(used)))
}

func TestSchemaAcceptsTheDefaultFile(t *testing.T) {
	require.NoError(t, loadSchema(t).Validate(asJSON(t, string(automation.DefaultFile))))
	first, _, _ := strings.Cut(string(automation.DefaultFile), "\n")
	require.Equal(t, "# yaml-language-server: $schema="+schemaID, first)
}

func TestLoaderAndSchemaRefuseBrokenFiles(t *testing.T) {
	schema := loadSchema(t)
	for _, good := range []string{creating(`name: a`), updating(`name: a`), beside(`enabled: true`)} {
		_, _, err := Bytes("file.yaml", []byte(good))
		require.NoError(t, err)
		require.NoError(t, schema.Validate(asJSON(t, good)))
	}
	for name, file := range map[string]string{
		"no automations":            `timezone: UTC`,
		"none of them":              `automations: []`,
		"no action":                 `automations: [{event: call.inbound, options: {}}]`,
		"no options":                `automations: [{event: call.inbound, action: kustomer.conversation.create}]`,
		"created once it is over":   `automations: [{event: call.finished, action: kustomer.conversation.create, options: {}}]`,
		"a note on creation":        creating(`note: a`),
		"snoozed on creation":       creating(`status: snoozed`),
		"priority out of bounds":    creating(`priority: 6`),
		"priority in words":         creating(`priority: high`),
		"one tag":                   creating(`tags: a`),
		"one tag of an update":      updating(`tags: a`),
		"one team":                  creating(`assignedTeams: 5f0c1a2b3c4d5e6f70819220`),
		"one attribute":             creating(`custom: a`),
		"too many tags":             creating(`tags: [` + strings.Repeat("a, ", 21) + `]`),
		"too many teams":            creating(`assignedTeams: [` + strings.Repeat("5f0c1a2b3c4d5e6f70819220, ", 11) + `]`),
		"attribute of many values":  creating(`custom: { aStr: [a, b] }`),
		"list of attributes":        creating(`custom: [aStr]`),
		"tags of an update":         updating(`tags: [a]`),
		"another conversation":      updating(`id: "5f0c1a2b3c4d5e6f70819220"`),
		"customer of an update":     updating(`customer: "{call.from}"`),
		"message while it rings":    creating("{}") + item("call.inbound", messageAction, "", "{}"),
		"message with a note":       creating("{}") + item("call.finished", messageAction, "", "note: a"),
		"wrapped up after a number": "wrapUpTime: 90\n" + creating("{}") + update(call.WrappedUp, "{}"),
		"wrapped up after words":    "wrapUpTime: a while\n" + creating("{}") + update(call.WrappedUp, "{}"),
		"returning without policy":  "callers: { returning: { within: 4h } }\n" + creating("{}"),
		"queue of a team's name":    "queues: { Support: Support }\n" + creating("{}"),
		"disabled in words":         beside(`enabled: "no"`),
		"trigger without condition": beside(`trigger: { type: ALL }`),
		"condition of many values":  beside(`trigger: { conditions: [{ expression: call.from, operator: EQ, expectation: [a] }] }`),
	} {
		_, _, err := Bytes("file.yaml", []byte(file))
		require.Error(t, err, name)
		require.Error(t, schema.Validate(asJSON(t, file)), name)
	}
}

func TestLoaderAndSchemaAcceptEmptyOptions(t *testing.T) {
	schema := loadSchema(t)
	const both = "name status priority tags assignedUsers assignedTeams custom"
	for action, keys := range map[string]string{createAction: both + " customer direction", updateAction: both + " id note"} {
		for _, key := range strings.Fields(keys) {
			for _, empty := range []string{"", "null", "~", `""`} {
				file, nothing := creating(key+": "+empty), loaded(t, creating("{}"))
				if action == updateAction {
					file, nothing = updating(key+": "+empty), loaded(t, updating("{}"))
				}
				set, _, err := Bytes("file.yaml", []byte(file))
				require.NoError(t, err, file)
				require.NoError(t, schema.Validate(asJSON(t, file)), file)
				for i, want := range nothing.Automations {
					require.Equal(t, fmt.Sprint(want), fmt.Sprint(set.Automations[i]), file)
				}
			}
		}
	}
}

func TestLoaderAndSchemaAcceptNumericTags(t *testing.T) {
	for _, file := range []string{creating("tags: [2024, 1.5]"), updating("tags: { add: [2024], remove: [2023] }")} {
		loaded(t, file)
		require.NoError(t, loadSchema(t).Validate(asJSON(t, file)))
	}
}
