package workflows

import (
	workflowpb "go.temporal.io/api/workflow/v1"
	"go.temporal.io/sdk/converter"
	"go.temporal.io/sdk/temporal"
)

// Attribute returns a search attribute of a run in Temporal's workflow list, or zero if it is not
// set or has another type. Search attributes are never encrypted.
func Attribute[T any](run *workflowpb.WorkflowExecutionInfo, key temporal.SearchAttributeKey) (value T) {
	if payload := run.GetSearchAttributes().GetIndexedFields()[key.GetName()]; payload != nil {
		_ = converter.GetDefaultDataConverter().FromPayload(payload, &value)
	}
	return value
}
