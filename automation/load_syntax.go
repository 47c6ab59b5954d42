package automation

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"regexp"
	"sort"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"
)

// notYAML complains about a file that is no YAML, where it stops being that.
func (l *loader) notYAML(content []byte) {
	text, begins := syntaxError(content)
	at := min(begins, len(l.lines))
	if ofBlock.MatchString(text) || begins == 0 {
		at = max(at, l.firstBroken(content))
	}
	message := "not YAML: " + text
	if ofBlock.MatchString(text) && begins > 0 && (begins < at || len(content) > maxSearched) {
		message += fmt.Sprintf(" (in the block that begins on line %d)", begins)
	}
	l.complainAt(at, min(at, 1), message+l.hint(at))
}

var yamlError = regexp.MustCompile(`^yaml: (?:line (\d+): )?(.*)$`)

// syntaxError is what is wrong with a text, with the line as the library means
// it: where the block or the scalar begins that could not be read, 0 if unknown.
//
// The library takes line 0 for unknown and then names another, and it counts
// the lines of its parser's errors from 0, but not those of its scanner's. So
// the text is read with an empty line before it, of which there is no error.
func syntaxError(content []byte) (text string, line int) {
	text, _ = firstError(content)
	shifted, line := firstError(append([]byte("\n"), content...))
	if shifted != text {
		return text, 0 // what must be at the very beginning, such as a byte order mark, is not any more
	}
	if !ofBlock.MatchString(text) && !ofParsing.MatchString(text) {
		line-- // of the empty line; in the parser's errors that makes up for the 0
	}
	return text, max(line, 0)
}

// Errors of the library's parser (its parserc.go): those that it gives with the
// beginning of the block, and the others. What is neither is its scanner's.
var (
	ofBlock   = regexp.MustCompile(`^did not find expected (key|'-' indicator|',' or '[\]}]'|node content)$`)
	ofParsing = regexp.MustCompile(`^(did not find expected <.*>|found undefined tag handle|found duplicate %(YAML|TAG) directive|` +
		`found incompatible YAML document)$`)
)

// firstError is that of the first two documents, which are all that are read.
func firstError(content []byte) (text string, line int) {
	decoder := yaml.NewDecoder(bytes.NewReader(content))
	for range 2 {
		err := decoder.Decode(new(yaml.Node))
		if errors.Is(err, io.EOF) {
			return "", 0
		}
		if err != nil {
			text = strings.ReplaceAll(err.Error(), "\n", " ")
			if match := yamlError.FindStringSubmatch(text); match != nil {
				text = match[2]
				line, _ = strconv.Atoi(match[1])
			}
			return text, line
		}
	}
	return "", 0
}

// maxSearched is the size of files in which the broken line is searched for,
// which takes reading them a dozen times.
const maxSearched = 64 << 10

// firstBroken is the line with which a file begins to have its error, or 0 if that would take long to find.
func (l *loader) firstBroken(content []byte) int {
	if len(content) > maxSearched {
		return 0
	}
	text, line := firstError(content)
	return 1 + sort.Search(len(l.lines)-1, func(last int) bool {
		t, n := firstError([]byte(strings.Join(l.lines[:last+1], "\n")))
		return t == text && n == line
	})
}

var (
	tabbed = regexp.MustCompile(`^ *\t\s*\S`)
	// What follows the key or the dash of a line.
	valuePattern = regexp.MustCompile(`^\s*(?:(?:- +)+(?:[^\s:"'\[{#&*@%][^:]*: +)?|[^\s:"'\[{#&*@%][^:]*: +)(\S.*?)\s*$`)
	// A value that YAML takes for something else than text. A brace is, if a placeholder was meant.
	needsQuotes = regexp.MustCompile("^(?:[*@%&`]|\\{[\\w.\\-]+(?:[}|]|:\\S))|^[^\"'\\[{|>#].*: ")
)

// hint says what to do, if the text of the lines around shows it.
func (l *loader) hint(at int) string {
	around := []int{at, at - 1, at + 1}
	for _, number := range around {
		if tabbed.MatchString(l.line(number)) {
			return "; use spaces, not tabs" + onLine(number, at)
		}
	}
	for _, number := range around[:2] { // what comes after the error has not been read
		if match := valuePattern.FindStringSubmatch(l.line(number)); match != nil && needsQuotes.MatchString(match[1]) {
			return "; put the value in quotes" + onLine(number, at)
		}
	}
	return ""
}

func (l *loader) line(number int) string {
	if number < 1 || number > len(l.lines) {
		return ""
	}
	return l.lines[number-1]
}

func onLine(number, known int) string {
	if number == known {
		return ""
	}
	return fmt.Sprintf(" on line %d", number)
}
