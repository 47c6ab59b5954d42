package activities

import "slices"

// Field is a part of a conversation that a comparison looks at.
type Field string

// The fields that are compared.
const (
	FieldAssignees Field = "assignees"
	FieldTags      Field = "tags"
	FieldStatus    Field = "status"
	FieldNotes     Field = "notes" // how many
)

// Fields are all fields that are compared.
var Fields = []Field{FieldAssignees, FieldTags, FieldStatus, FieldNotes}

// Differences returns the fields in which the only conversation of others differs from
// Callthread's. With none or several, nothing is compared field by field.
func (c VendorComparison) Differences() (fields []Field) {
	if c.Verdict != VerdictOne {
		return nil
	}
	found := c.Found[0]
	differs := map[Field]bool{
		FieldAssignees: found.Assignees == Different, FieldTags: found.Tags == Different, FieldStatus: found.Status == Different,
		FieldNotes: found.Notes >= 0 && found.Notes != c.Notes,
	}
	return slices.DeleteFunc(slices.Clone(Fields), func(f Field) bool { return !differs[f] })
}
