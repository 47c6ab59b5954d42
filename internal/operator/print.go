package operator

import (
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"time"
	"unicode"

	enumspb "go.temporal.io/api/enums/v1"
)

// inWords is the status of a run in lower case.
func inWords(status enumspb.WorkflowExecutionStatus) string { return strings.ToLower(status.String()) }

// PrintJSON prints a value as indented JSON.
func PrintJSON(out io.Writer, value any) error {
	encoder := json.NewEncoder(out)
	encoder.SetIndent("", "  ")
	return encoder.Encode(value)
}

// row prints a row of a table, with a dash for each empty cell.
func row(table io.Writer, cells ...string) {
	for i := range cells {
		cells[i] = cmp.Or(oneLine(cells[i]), "–")
	}
	fmt.Fprintln(table, strings.Join(cells, "\t"))
}

// moment formats a time for tables, in UTC.
func moment(at time.Time) string { return at.UTC().Format(time.RFC3339) }

// oneLine removes line breaks and control characters, so that received text neither breaks a
// table nor controls the terminal.
func oneLine(words string) string {
	return strings.Join(strings.FieldsFunc(words, func(r rune) bool { return unicode.IsSpace(r) || unicode.IsControl(r) }), " ")
}
