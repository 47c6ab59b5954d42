// Package document compares documents with the code. If a document lacks something, the test
// prints the line in question and not the whole document.
package document

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"github.com/xrash/smetrics"
)

// Document is a text that people read or copy from.
type Document struct{ Name, Text string }

// Read reads a document.
func Read(t *testing.T, file string) Document {
	t.Helper()
	text, err := os.ReadFile(file)
	require.NoError(t, err)
	return Document{file, string(text)}
}

// Has requires that the document contains the words.
func (d Document) Has(t *testing.T, words string) {
	t.Helper()
	if !strings.Contains(d.Text, words) {
		require.Fail(t, d.lacks(words))
	}
}

// Is requires that the document equals the text.
func (d Document) Is(t *testing.T, text string) {
	t.Helper()
	if d.Text != text {
		require.Fail(t, d.differs(text))
	}
}

// differs returns the first line of the document that differs from the text.
func (d Document) differs(text string) string {
	is, want := strings.Split(d.Text, "\n"), strings.Split(text, "\n")
	for i := range min(len(is), len(want)) {
		if is[i] != want[i] {
			return fmt.Sprintf("line %d of %s should be:\n  %s\nbut is:\n  %s", i+1, d.Name, want[i], is[i])
		}
	}
	return fmt.Sprintf("%s should have %d lines, but has %d", d.Name, len(want), len(is))
}

// lacks returns the words that the document does not contain, with the most similar line.
func (d Document) lacks(words string) string {
	words = strings.TrimSpace(words)
	most, at, line := -1.0, 0, ""
	for i, candidate := range strings.Split(d.Text, "\n") {
		if alike := smetrics.JaroWinkler(words, candidate, 0.7, 4); alike > most {
			most, at, line = alike, i+1, candidate
		}
	}
	return fmt.Sprintf("%s lacks:\n  %s\nIts line %d is most like it:\n  %s", d.Name, words, at, line)
}
