package load

import (
	"encoding/json"
	"fmt"
	"go/scanner"
	"go/token"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// words returns the quoted names in the sources of the loader and the model. They include every
// name that the loader accepts.
func words(t *testing.T) map[string]bool {
	t.Helper()
	var files []string
	for _, pattern := range []string{"*.go", "../*.go"} {
		found, err := filepath.Glob(pattern)
		require.NoError(t, err)
		files = append(files, found...)
	}
	words, word := make(map[string]bool), regexp.MustCompile(`^[\w.{}]+$`)
	for _, file := range files {
		if strings.HasSuffix(file, "_test.go") {
			continue
		}
		content, err := os.ReadFile(file)
		require.NoError(t, err)
		set := token.NewFileSet()
		var source scanner.Scanner
		source.Init(set.AddFile(file, -1, len(content)), content, nil, 0)
		for kind := token.ILLEGAL; kind != token.EOF; {
			var literal string
			if _, kind, literal = source.Scan(); kind != token.STRING {
				continue
			}
			if text, err := strconv.Unquote(literal); err == nil && word.MatchString(text) {
				words[text] = true
			}
		}
	}
	return words
}

func TestSchemaOffersAllOfTheLoader(t *testing.T) {
	const key, value = `unknown key %q in `, ` cannot be %q`
	const create, update = `{event: call.inbound, action: kustomer.conversation.create, `, `{event: call.bridged, action: kustomer.conversation.update, `
	const message = `{event: call.finished, action: kustomer.message.create, `
	written := words(t)
	for path, c := range map[string]struct{ file, refusal string }{
		"properties":                                         {`{? WORD : 1}`, key},
		"$defs automation properties":                        {`automations: [{? WORD : 1}]`, key},
		"$defs trigger properties":                           {`automations: [` + create + `trigger: {? WORD : 1}}]`, key},
		"$defs condition properties":                         {`automations: [` + create + `trigger: {conditions: [{? WORD : 1}]}}]`, key},
		"$defs create properties":                            {`automations: [` + create + `options: {? WORD : 1}}]`, key},
		"$defs update properties":                            {`automations: [` + update + `options: {? WORD : 1}}]`, key},
		"$defs message properties":                           {`automations: [` + message + `options: {? WORD : 1}}]`, key},
		"properties callers properties":                      {`callers: {? WORD : 1}`, key},
		"properties callers properties returning properties": {`callers: {returning: {? WORD : 1}}`, key},
		"properties numbers additionalProperties properties": {`numbers: {"+493023125001": {? WORD : 1}}`, key},
		"properties ignore properties":                       {`ignore: {? WORD : 1}`, key},
		"$defs update properties tags properties":            {`automations: [` + update + `options: {tags: {? WORD : 1}}}]`, key},

		"properties callers properties unknown enum":                     {`callers: {unknown: WORD}`, value},
		"properties callers properties withheld enum":                    {`callers: {withheld: WORD}`, value},
		"properties callers properties shared enum":                      {`callers: {shared: WORD}`, value},
		"properties callers properties returning properties policy enum": {`callers: {returning: {policy: WORD}}`, value},
		"$defs automation properties event enum":                         {`automations: [{event: WORD}]`, value},
		"$defs automation properties action enum":                        {`automations: [{action: WORD}]`, value},
		"$defs trigger properties type enum":                             {`automations: [` + create + `trigger: {type: WORD}}]`, value},
		"$defs condition properties operator enum":                       {`automations: [` + create + `trigger: {conditions: [{operator: WORD}]}}]`, value},
		"$defs create properties status enum":                            {`automations: [` + create + `options: {status: WORD}}]`, value},
		"$defs create properties direction enum":                         {`automations: [` + create + `options: {direction: WORD}}]`, value},
		"$defs update properties status enum":                            {`automations: [` + update + `options: {status: WORD}}]`, value},
		"$defs update properties id enum":                                {`automations: [` + update + `options: {id: WORD}}]`, `"id" must be `},
	} {
		var taken []string
		for word := range written {
			refusal := strings.ReplaceAll(c.refusal, "%q", strconv.Quote(word))
			if _, _, err := Bytes("file.yaml", []byte(strings.ReplaceAll(c.file, "WORD", strconv.Quote(word)))); !strings.Contains(fmt.Sprint(err), refusal) {
				taken = append(taken, word)
			}
		}
		require.ElementsMatch(t, offeredAt(t, strings.Fields(path)), taken, path)
	}
}

// offeredAt returns the keys or words at a path of the schema.
func offeredAt(t *testing.T, path []string) (names []string) {
	t.Helper()
	content, err := os.ReadFile("../automations.schema.json")
	require.NoError(t, err)
	var part any
	require.NoError(t, json.Unmarshal(content, &part))
	for _, step := range path {
		part = part.(map[string]any)[step]
	}
	if properties, ok := part.(map[string]any); ok {
		return slices.Collect(maps.Keys(properties))
	}
	for _, word := range part.([]any) {
		if word != nil && word != "" { // an empty word is the absent value
			names = append(names, word.(string))
		}
	}
	return names
}
