package load

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"

	"go.yaml.in/yaml/v4"
)

// byteOrderMark is the mark that some editors put before a text. It does not belong to the text.
var byteOrderMark = []byte("\ufeff")

func withoutMark(content []byte) []byte { return bytes.TrimPrefix(content, byteOrderMark) }

// lineBreak matches a line break of YAML.
var lineBreak = regexp.MustCompile(`\r\n|[\r\n\x{85}\x{2028}\x{2029}]`)

// parse reads the file, which must contain exactly one YAML document.
func (l *loader) parse(content []byte) *yaml.Node {
	if len(content) > maxFile {
		l.complain(&yaml.Node{}, "larger than 1 MiB")
		return nil
	}
	if invalid := invalidByte(string(content)); invalid >= 0 {
		at := position(content, invalid)
		l.complainAt(at.Line, at.Column, "not UTF-8: save the file in that encoding")
		return nil
	}
	var document, second yaml.Node
	stream, err := yaml.NewLoader(bytes.NewReader(content))
	if err == nil {
		err = stream.Load(&document)
	}
	if errors.Is(err, io.EOF) {
		l.complain(&yaml.Node{}, `the file is empty: it needs "automations"`)
		return nil
	}
	if err == nil {
		err = stream.Load(&second)
	}
	switch {
	case errors.Is(err, io.EOF):
		return document.Content[0]
	case err == nil:
		l.complain(&second, "a second document: the file must contain only one")
	default:
		l.notYAML(content, err)
	}
	return nil
}

// invalidByte returns the index of the first byte that is not UTF-8, or -1.
func invalidByte(text string) int {
	for i, char := range text {
		if char == utf8.RuneError && !strings.HasPrefix(text[i:], "\ufffd") {
			return i
		}
	}
	return -1
}

// notYAML complains about a file that is not YAML, at the position of the error.
func (l *loader) notYAML(content []byte, err error) {
	var wrong *yaml.LoadError
	if !errors.As(err, &wrong) {
		l.complain(&yaml.Node{}, "not YAML: %v", err)
		return
	}
	at, hint := wrong.Mark, ""
	if wrong.Stage == yaml.ReaderStage { // this stage counts only bytes
		at = position(content, at.Index)
	} else {
		at, hint = l.where(wrong)
	}
	l.problems = l.problems.with(Problem{
		File: l.file, Line: at.Line, Column: at.Column, Text: "not YAML: " + wrong.Message + hint, Excerpt: excerpt(l.line(at.Line), at.Column),
	})
}

// position returns the line and column of a byte of the content.
func position(content []byte, index int) yaml.Mark {
	lines := lineBreak.Split(string(content[:index]), -1)
	return yaml.Mark{Line: len(lines), Column: utf8.RuneCountInString(lines[len(lines)-1]) + 1}
}

// where returns the position to look at and a hint on what to do there. The library's mark is the
// position at which it failed. Its context mark, if any, is the beginning of what it was reading.
func (l *loader) where(wrong *yaml.LoadError) (at yaml.Mark, hint string) {
	at, begun := l.within(wrong.Mark), wrong.ContextMark
	before, after := l.around(at)
	_, opening := l.around(begun)
	isBelow := begun.Line > 0 && begun.Line < at.Line
	isBracket, isQuote := startsWith(opening, "[{"), startsWith(opening, `"'`)
	switch atStart := strings.TrimSpace(before) == ""; {
	case atStart && strings.ContainsRune(before+indentation(after), '\t'):
		return at, "; use spaces, not tabs"
	case isQuote && startsWith(after, `\`):
		return at, `; write \\ for a backslash`
	case l.isEnd(at) && (isBracket || isQuote):
		return begun, fmt.Sprintf("; this %c is not closed", opening[0])
	case l.isEnd(at):
		return at, "; the file ends here: something above is not closed"
	case isBelow && isBracket:
		return at, fmt.Sprintf("; the %c on line %d is not closed, or a comma is missing", opening[0], begun.Line)
	case isBelow && wrong.Stage == yaml.ScannerStage && !isQuote:
		return begun, noColon
	case atStart && isBelow:
		return at, "; its indentation matches no line above"
	case atStart:
		return at, ""
	case startsWith(after, ":") && !strings.Contains(before, ": "):
		return l.continued(at)
	}
	return at, quoting(before, after)
}

const noColon = "; a name needs a colon and a space after it"

// continued handles a name that YAML reads as a continuation of the value above.
func (l *loader) continued(at yaml.Mark) (yaml.Mark, string) {
	for number := at.Line - 1; number > 0; number-- {
		above := strings.TrimSpace(l.line(number))
		column := utf8.RuneCountInString(indentation(l.line(number))) + 1
		switch {
		case above == "", strings.HasPrefix(above, "#"):
			continue
		case strings.HasPrefix(above, "-") && !strings.HasPrefix(above, "- "):
			return yaml.Mark{Line: number, Column: column}, `; a "-" needs a space after it`
		case !strings.Contains(above, ": ") && !strings.HasSuffix(above, ":"):
			return yaml.Mark{Line: number, Column: column}, noColon
		}
		break
	}
	return at, "; the value above goes on in this line: look at its quotes, and at the indentation"
}

// placeholder matches the beginning of a placeholder, which YAML reads as the beginning of a mapping.
var placeholder = regexp.MustCompile(`^\{[\w.\-]+[}|:]`)

// quoting returns a hint on how to quote a value that YAML does not read as text.
func quoting(before, after string) string {
	value := before + after
	if _, rest, isPair := strings.Cut(value, ": "); isPair {
		value = rest
	}
	value = strings.TrimSpace(strings.TrimPrefix(strings.TrimSpace(value), "- "))
	switch {
	case startsWith(value, `"'`):
		return `; the quotes end before the value does: inside of them write '' for ' and \" for "`
	case placeholder.MatchString(value), placeholder.MatchString(after):
		return "; put a text with a placeholder in quotes"
	case startsWith(value, "[{"):
		return ""
	case value == "|", value == ">": // these begin a text, except inside brackets
		return "; a [ or { above is not closed"
	}
	return "; put the value in quotes"
}

// within limits a mark of the library to the end of the text. The library may return a line
// beyond the end.
func (l *loader) within(at yaml.Mark) yaml.Mark {
	if last := len(l.lines); at.Line > last {
		return yaml.Mark{Line: last, Column: utf8.RuneCountInString(l.lines[last-1]) + 1}
	}
	return at
}

func (l *loader) isEnd(at yaml.Mark) bool {
	_, after := l.around(at)
	return at.Line == len(l.lines) && after == ""
}

// around returns the line of a mark, split at the mark.
func (l *loader) around(at yaml.Mark) (before, after string) {
	line := []rune(l.line(at.Line))
	column := min(max(at.Column-1, 0), len(line))
	return string(line[:column]), string(line[column:])
}

func (l *loader) line(number int) string {
	if number < 1 || number > len(l.lines) {
		return ""
	}
	return l.lines[number-1]
}

func startsWith(text, anyOf string) bool { return text != "" && strings.IndexByte(anyOf, text[0]) >= 0 }

func indentation(line string) string { return line[:len(line)-len(strings.TrimLeft(line, " \t"))] }

// excerpt returns the part of a line around a column, with a mark below the column.
func excerpt(line string, column int) string {
	const beside = 60
	runes := []rune(line)
	column = min(max(column-1, 0), len(runes))
	from, to := max(0, column-beside), min(len(runes), column+beside)
	shown := strings.Map(func(char rune) rune {
		if unicode.IsPrint(char) {
			return char
		}
		return ' '
	}, string(runes[from:to]))
	return shown + "\n" + strings.Repeat(" ", column-from) + "^"
}
