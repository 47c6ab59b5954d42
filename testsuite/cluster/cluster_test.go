package cluster

import (
	"testing"

	"github.com/stretchr/testify/require"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"
)

func TestClusterRetainsThirtyDaysAfterSetup(t *testing.T) {
	if testing.Short() {
		t.Skip("needs Temporal on PostgreSQL, which -short does without")
	}
	binaries, err := Find()
	if err != nil {
		t.Skip("no Temporal on PostgreSQL to try: ", err)
	}
	c, err := Start(t.Context(), binaries, "../../deploy/temporal")
	require.NoError(t, err)
	t.Cleanup(c.Stop)
	require.NoError(t, c.SetUpPostgreSQL(t.Context()), "again")
	require.NoError(t, c.Prepare(t.Context()), "again")
	connection, err := client.Dial(client.Options{HostPort: c.Address})
	require.NoError(t, err)
	defer connection.Close()
	described, err := connection.WorkflowService().DescribeNamespace(t.Context(), &workflowservice.DescribeNamespaceRequest{Namespace: Namespace})
	require.NoError(t, err)
	require.Equal(t, float64(30*24), described.GetConfig().GetWorkflowExecutionRetentionTtl().AsDuration().Hours())
}
