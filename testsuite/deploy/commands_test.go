package deploy

import (
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/callthread/callthread/testsuite/document"
)

var (
	// inContainer is a command that documents run in a container: service or deployment, program,
	// and arguments.
	inContainer = regexp.MustCompile("(?:docker compose exec (\\S+)|kubectl -n callthread exec deploy/(\\S+) --) (\\w+)([^`'\\n|]*)")
	// toService is any other use of Docker Compose with a service, with the services that it names.
	toService = regexp.MustCompile("docker compose (?:kill --signal HUP|restart|logs --follow)((?: [a-z-]+)+)")
	// toDeployment is what else kubectl does with deployments.
	toDeployment = regexp.MustCompile(`kubectl -n callthread logs -f deploy/(\S+?)[\s` + "`" + `]`)
	// inText is a command of the starter in a line of code: its name and arguments.
	inText = regexp.MustCompile("(?m)(?:`|^|^\\$ (?:go run \\./)?)starter ([a-z][a-z-]*)([^`|\n]*)")
	flags  = regexp.MustCompile(`--[a-z-]+`)
)

func documents(t *testing.T) (all []document.Document) {
	t.Helper()
	files, err := filepath.Glob("../../docs/*.md")
	require.NoError(t, err)
	for _, file := range append(files, "../../README.md") {
		all = append(all, document.Read(t, file))
	}
	return all
}

// Operators copy these lines. They have neither Go nor the code to find out what is wrong with a
// line.
func TestCommandsInContainersExist(t *testing.T) {
	composed, starter := ours(t), helpOf(t, "starter")
	lines := 0
	for _, d := range documents(t) {
		for _, line := range inContainer.FindAllStringSubmatch(d.Text, -1) {
			lines++
			if line[1] != "" {
				require.Contains(t, slices.Collect(maps.Keys(composed)), line[1], line[0])
			} else {
				isDeployed(t, line[2])
			}
			require.Equal(t, "starter", line[3], "the program that has commands: %s", line[0])
			command, rest, _ := strings.Cut(strings.TrimSpace(line[4]), " ")
			if command == "" { // an alias without a command
				continue
			}
			starter.Has(t, "\n   "+command+" ")
			for _, flag := range flags.FindAllString(rest, -1) {
				helpOf(t, "starter", command).Has(t, flag+" ")
			}
		}
	}
	require.Greater(t, lines, 8)
}

func TestCommandsThatDocumentsNameExist(t *testing.T) {
	starter, lines := helpOf(t, "starter"), 0
	for _, d := range documents(t) {
		for _, line := range inText.FindAllStringSubmatch(d.Text, -1) {
			lines++
			starter.Has(t, "\n   "+line[1]+" ")
			for _, flag := range flags.FindAllString(line[2], -1) {
				helpOf(t, "starter", line[1]).Has(t, flag+" ")
			}
		}
	}
	require.Greater(t, lines, 100)
}

func TestDocumentedServicesExist(t *testing.T) {
	composed := ours(t)
	for _, d := range documents(t) {
		for _, line := range toService.FindAllStringSubmatch(d.Text, -1) {
			for _, name := range strings.Fields(line[1]) {
				require.Contains(t, slices.Collect(maps.Keys(composed)), name, line[0])
			}
		}
		for _, line := range toDeployment.FindAllStringSubmatch(d.Text, -1) {
			isDeployed(t, line[1])
		}
	}
}

func isDeployed(t *testing.T, name string) {
	t.Helper()
	for _, d := range deployed(t) {
		if d.Metadata.Name == name {
			return
		}
	}
	require.Fail(t, "there is no deployment "+name)
}

// A pod whose secret does not exist does not start.
func TestDocumentedSecretsMatchPods(t *testing.T) {
	operations := document.Read(t, "../../docs/operations.md")
	for name, d := range deployed(t) {
		secrets, given := 0, settings(t, d.Spec.Template.Spec.Containers[0])
		for _, volume := range d.Spec.Template.Spec.Volumes {
			if volume.Secret.Name == "" {
				continue
			}
			secrets++
			made := regexp.MustCompile(`create secret generic ` + volume.Secret.Name + ` +--from-(?:literal|file)=([\w-]+)=`).FindStringSubmatch(operations.Text)
			require.NotNil(t, made, "%s of %s", volume.Secret.Name, name)
			require.Contains(t, filesOf(given), made[1], "%s of %s", volume.Secret.Name, name)
		}
		require.Positive(t, secrets, name)
	}
}

// filesOf returns the names of the files that settings point to.
func filesOf(given map[string]string) (names []string) {
	for setting, value := range given {
		if strings.HasSuffix(setting, "_FILE") {
			names = append(names, filepath.Base(value))
		}
	}
	return names
}

// An ingress refers to a service by name, and to a port by the name in the pod.
func TestIngressesLeadToServicesThatExist(t *testing.T) {
	text, err := os.ReadFile("../../deploy/kubernetes/example/ingress.yaml")
	require.NoError(t, err)
	backends := regexp.MustCompile(`service: \{ name: (\S+), port: \{ name: (\S+) \} \}`).FindAllStringSubmatch(string(text), -1)
	require.Len(t, backends, 2)
	for _, backend := range backends {
		isDeployed(t, backend[1])
		for _, d := range deployed(t) {
			if d.Metadata.Name == backend[1] {
				require.Equal(t, backend[2], d.Spec.Template.Spec.Containers[0].Ports[0].Name)
			}
		}
	}
}
