package workflows_test

import (
	"reflect"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/callthread/callthread/activities"
	"github.com/callthread/callthread/call"
	"github.com/callthread/callthread/workflows"
)

// JSON leaves out unexported fields, so their values would be lost in the history.
func TestPersistedFieldsAreExported(t *testing.T) {
	seen := make(map[reflect.Type]bool)
	for _, root := range []any{
		workflows.CallInput{}, workflows.State{}, call.Event{}, call.Record{}, activities.StepInput{}, activities.StepResult{}, activities.Amendment{}, activities.VendorInput{}, activities.VendorComparison{},
	} {
		requireVisible(t, reflect.TypeOf(root), seen)
	}
}

func requireVisible(t *testing.T, of reflect.Type, seen map[reflect.Type]bool) {
	t.Helper()
	if seen[of] || of == reflect.TypeFor[time.Time]() {
		return
	}
	seen[of] = true
	switch of.Kind() {
	case reflect.Pointer, reflect.Slice, reflect.Array, reflect.Map:
		requireVisible(t, of.Elem(), seen)
	case reflect.Struct:
		for field := range of.Fields() {
			require.True(t, field.IsExported(), "%s.%s", of, field.Name)
			requireVisible(t, field.Type, seen)
		}
	}
}
