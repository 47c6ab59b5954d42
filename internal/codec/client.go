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

// Protect has a client, and the workers made of it, encrypt all that they hand
// to Temporal but ids and search attributes, the words of failures included.
// Without keys they write in the clear, and say of what is encrypted that they cannot read it.
func (k *Keys) Protect(options *client.Options) {
	data := k.DataConverter()
	options.DataConverter = data
	options.FailureConverter = failureConverter{temporal.NewDefaultFailureConverter(temporal.DefaultFailureConverterOptions{
		DataConverter: data, EncodeCommonAttributes: k.first != "",
	})}
}

// failureConverter reads failures without changing them. The SDK's own decrypts
// them in place, and so stores those of local activities, which it reads before
// it hands them over, in the clear (SDK 1.50).
type failureConverter struct{ converter.FailureConverter }

func (f failureConverter) FailureToError(failure *failurepb.Failure) error {
	return f.FailureConverter.FailureToError(proto.CloneOf(failure))
}

// DataConverter reads and writes payloads as clients with these keys do.
func (k *Keys) DataConverter() converter.DataConverter {
	plain := converter.GetDefaultDataConverter()
	return dataConverter{
		DataConverter: converter.NewCodecDataConverter(plain, k),
		inWorkflows:   converter.NewCodecDataConverter(plain, insistent{k}),
	}
}

// dataConverter is another one in workflows than elsewhere.
type dataConverter struct {
	converter.DataConverter
	inWorkflows converter.DataConverter
}

var _ converter.ContextAware = dataConverter{}

func (d dataConverter) WithContext(context.Context) converter.DataConverter { return d }

func (d dataConverter) WithWorkflowContext(converter.WorkflowContext) converter.DataConverter {
	return d.inWorkflows
}

// insistent panics where decoding fails. A workflow then waits for a worker that
// has the key; an error would fail it for good, or have it drop the event.
type insistent struct{ *Keys }

func (i insistent) Decode(payloads []*commonpb.Payload) ([]*commonpb.Payload, error) {
	opened, err := i.Keys.Decode(payloads)
	if err != nil {
		panic(err)
	}
	return opened, nil
}
