package document

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestMissingLineIsReportedWithTheClosest(t *testing.T) {
	d := Document{"docs/waits.md", "# Waits\n\n| `agent` | an agent to pick up |\n| `end` | the end |\n\nThe rest of it.\n"}
	d.Has(t, "| `end` | the end |")
	require.Equal(t, "docs/waits.md lacks:\n  | `end` | the end of the call |\nIts line 4 is most like it:\n  | `end` | the end |", d.lacks("\n| `end` | the end of the call |"))
}

func TestFirstDifferentLineIsReported(t *testing.T) {
	d := Document{"waits.md", "a\nb\nc\n"}
	d.Is(t, "a\nb\nc\n")
	require.Equal(t, "line 2 of waits.md should be:\n  B\nbut is:\n  b", d.differs("a\nB\nC\n"))
	require.Equal(t, "waits.md should have 2 lines, but has 4", d.differs("a\nb"))
}
