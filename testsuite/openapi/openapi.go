// Package openapi loads Kustomer's published OpenAPI document for tests that compare the client or
// the sandbox with it.
package openapi

import (
	"os"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/stretchr/testify/require"
)

// variable is the environment variable with the path of the document.
const variable = "KUSTOMER_OPENAPI"

// Kustomer returns the document "Core Resources". It is not part of the repository because it
// belongs to Kustomer. Without the document, Kustomer skips the test.
func Kustomer(t *testing.T) *openapi3.T {
	t.Helper()
	file := os.Getenv(variable)
	if file == "" {
		t.Skip(`needs Kustomer's OpenAPI document "Core Resources": set ` + variable + " to the absolute path of the file; " +
			"openapi.json of https://github.com/LarisLab/kustomer-client at 1d997b7 is a public copy")
	}
	document, err := openapi3.NewLoader().LoadFromFile(file)
	require.NoError(t, err, variable)
	return document
}
