package codec

import (
	"errors"
	"testing"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/converter"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"
)

func protected(t *testing.T, keys string) client.Options {
	t.Helper()
	var options client.Options
	keysOf(t, keys).Protect(&options)
	return options
}

func TestArgumentsAreEncryptedAndReadAgain(t *testing.T) {
	data := protected(t, newer).DataConverter
	written, err := data.ToPayloads("+493023125042", 7)
	require.NoError(t, err)
	require.NotContains(t, written.String(), "493023125042")
	var number string
	var seconds int
	require.NoError(t, data.FromPayloads(written, &number, &seconds))
	require.Equal(t, "+493023125042", number)
	require.Equal(t, 7, seconds)
}

func TestFailureMessagesAreEncrypted(t *testing.T) {
	options := protected(t, newer)
	cause := temporal.NewApplicationError("taken by Jane Doe", "KustomerRefused", "about Jane Doe")
	failure := options.FailureConverter.ErrorToFailure(cause)
	require.NotContains(t, failure.String(), "Jane")
	require.Equal(t, "KustomerRefused", failure.GetApplicationFailureInfo().GetType(), "what kind of failure it was stays legible")

	var read *temporal.ApplicationError
	require.ErrorAs(t, options.FailureConverter.FailureToError(failure), &read)
	require.NotContains(t, failure.String(), "Jane", "reading it does not decrypt what is stored")
	require.Equal(t, "taken by Jane Doe", read.Message())
	var details string
	require.NoError(t, read.Details(&details))
	require.Equal(t, "about Jane Doe", details)
}

func TestWithoutKeysPayloadsArePlain(t *testing.T) {
	options := protected(t, "")
	written, err := options.DataConverter.ToPayload("words")
	require.NoError(t, err)
	expected, err := converter.GetDefaultDataConverter().ToPayload("words")
	require.NoError(t, err)
	require.Equal(t, expected.String(), written.String())
	require.Equal(t, "words", options.FailureConverter.ErrorToFailure(errors.New("words")).GetMessage())
}

func TestMissingKeyPanicsInWorkflowsOnly(t *testing.T) {
	written, err := protected(t, newer).DataConverter.ToPayloads("words")
	require.NoError(t, err)
	var read string
	for _, keys := range []string{"", older} {
		data := protected(t, keys).DataConverter
		var unknown *UnknownKeyError
		require.ErrorAs(t, data.FromPayloads(written, &read), &unknown)
		// The SDK derives the converter of a workflow in this way.
		inWorkflow := data.(workflow.ContextAware).WithWorkflowContext(nil)
		require.PanicsWithError(t, unknown.Error(), func() { _ = inWorkflow.FromPayloads(written, &read) })
	}
}
