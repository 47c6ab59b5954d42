// Package stories checks whole calls by example.
//
// Each story in the YAML files contains what babelforce reports about a call, and what Kustomer and
// the call's workflow must show at the end. The result must be the same for every order of the
// reports and every repetition. Stories are written for people who run a call centre; README.md
// explains the format.
package stories

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v4"

	"github.com/callthread/callthread/internal/storyfile"
)

// few is the number of stories below which the test does not cover a call's whole life.
const few = 40

func TestStories(t *testing.T) {
	for _, s := range everyStory(t) {
		t.Run(s.Title, func(t *testing.T) {
			t.Parallel()
			s.provesItself(t)
		})
	}
}

// everyStory reads all stories. Their titles must be unique.
func everyStory(t *testing.T) (all []story) {
	files, err := filepath.Glob("*.yaml")
	require.NoError(t, err)
	titles := make(map[string]bool)
	for _, file := range files {
		for _, s := range read(t, file) {
			require.False(t, titles[s.Title], "two stories have the title %q", s.Title)
			titles[s.Title] = true
			all = append(all, s)
		}
	}
	require.Greater(t, len(all), few)
	return all
}

// provesItself plays the story in every playing and shows the first with a different result.
func (s story) provesItself(t *testing.T) {
	playings, first, failed := s.playings(), "", 0
	for _, playing := range playings {
		differs := difference(t, playing.wants(), playing.play(t))
		if differs == "" {
			continue
		}
		if failed++; failed == 1 {
			first = fmt.Sprintf("%s\n%s:\n%s", differs, playing.manner, playing.inWords())
		}
	}
	if failed > 0 {
		require.Fail(t, s.Title, "%d of %d deliveries come out otherwise, the first of them so:\n\n%s", failed, len(playings), first)
	}
	t.Logf("%d deliveries", len(playings))
}

// wants is the expected result. The warnings depend on the order of the reports, so they are
// compared only if the reports arrive as the call happens.
func (p playing) wants() picture {
	want := p.Becomes.withWhatGoesWithoutSaying(p.story)
	if p.manner != asItHappens {
		want.Warnings = nil
	}
	return want
}

func read(t *testing.T, file string) (stories []story) {
	content, err := os.ReadFile(file)
	require.NoError(t, err)
	all, err := storyfile.Read(file, content)
	require.NoError(t, err)
	for _, s := range all {
		require.NotNil(t, s.Becomes, "%s: what becomes of %q is not said", file, s.Title)
		stories = append(stories, story{s, picture(*s.Becomes)})
	}
	return stories
}

// difference describes, in the story's terms, where a result differs; empty if it does not.
func difference(t *testing.T, want, seen picture) (differs string) {
	wanted, found := parts(t, want), parts(t, seen)
	for _, name := range slices.Sorted(maps.Keys(union(wanted, found))) {
		if !reflect.DeepEqual(wanted[name], found[name]) {
			differs += fmt.Sprintf("%s\n  should be: %v\n  but is:    %v\n", name, wanted[name], found[name])
		}
	}
	return differs
}

// parts returns the parts of a picture that are not empty, by their names in the story.
func parts(t *testing.T, p picture) (parts map[string]any) {
	text, err := yaml.Marshal(p)
	require.NoError(t, err)
	require.NoError(t, yaml.Unmarshal(text, &parts))
	return parts
}

func union(a, b map[string]any) map[string]any {
	all := maps.Clone(a)
	maps.Copy(all, b)
	return all
}

func (p playing) inWords() string {
	var lines []string
	for _, d := range p.deliveries {
		lines = append(lines, fmt.Sprintf("  %7s  %s", d.after, d.event.Title()))
	}
	return strings.Join(lines, "\n")
}
