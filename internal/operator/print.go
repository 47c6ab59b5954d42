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

// inWords is how a run stands, or has ended.
func inWords(status enumspb.WorkflowExecutionStatus) string { return strings.ToLower(status.String()) }

// PrintJSON prints a value for scripts.
func PrintJSON(out io.Writer, value any) error {
	encoder := json.NewEncoder(out)
	encoder.SetIndent("", "  ")
	return encoder.Encode(value)
}

// row prints a row of a table, with a dash for what is not known.
func row(table io.Writer, cells ...string) {
	for i := range cells {
		cells[i] = cmp.Or(oneLine(cells[i]), "–")
	}
	fmt.Fprintln(table, strings.Join(cells, "\t"))
}

// moment is a time as tables have it.
func moment(at time.Time) string { return at.UTC().Format(time.RFC3339) }

// oneLine keeps others' words within a row of a table, and from steering the terminal.
func oneLine(words string) string {
	return strings.Join(strings.FieldsFunc(words, func(r rune) bool { return unicode.IsSpace(r) || unicode.IsControl(r) }), " ")
}
