package codec

import (
	"context"

	commonpb "go.temporal.io/api/common/v1"
	failurepb "go.temporal.io/api/failure/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/converter"
	"go.temporal.io/sdk/temporal"
	"google.golang.org/protobuf/proto"
)

// Protect configures a client, and the workers that use it, to encrypt everything they send to
// Temporal except ids and search attributes. Failure messages are encrypted too. Without keys
// they send plain text and return an error for encrypted payloads.
func (k *Keys) Protect(options *client.Options) {
	data := k.DataConverter()
	options.DataConverter = data
	options.FailureConverter = failureConverter{temporal.NewDefaultFailureConverter(temporal.DefaultFailureConverterOptions{
		DataConverter: data, EncodeCommonAttributes: k.first != "",
	})}
}

// failureConverter reads failures without changing them. The SDK's own converter decrypts them
// in place. The SDK reads the failures of local activities before it sends them, so they would be
// stored as plain text (SDK 1.50).
type failureConverter struct{ converter.FailureConverter }

func (f failureConverter) FailureToError(failure *failurepb.Failure) error {
	return f.FailureConverter.FailureToError(proto.CloneOf(failure))
}

// DataConverter returns the converter that reads and writes payloads as clients with these keys do.
func (k *Keys) DataConverter() converter.DataConverter {
	plain := converter.GetDefaultDataConverter()
	return dataConverter{
		DataConverter: converter.NewCodecDataConverter(plain, k),
		inWorkflows:   converter.NewCodecDataConverter(plain, insistent{k}),
	}
}

// dataConverter behaves differently inside workflows.
type dataConverter struct {
	converter.DataConverter
	inWorkflows converter.DataConverter
}

var _ converter.ContextAware = dataConverter{}

func (d dataConverter) WithContext(context.Context) converter.DataConverter { return d }

func (d dataConverter) WithWorkflowContext(converter.WorkflowContext) converter.DataConverter {
	return d.inWorkflows
}

// insistent panics if decoding fails. The workflow task then fails and is retried until a worker
// has the key. An error would fail the workflow or drop the event.
type insistent struct{ *Keys }

func (i insistent) Decode(payloads []*commonpb.Payload) ([]*commonpb.Payload, error) {
	opened, err := i.Keys.Decode(payloads)
	if err != nil {
		panic(err)
	}
	return opened, nil
}
