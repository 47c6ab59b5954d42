package deploy

import (
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v4"

	"github.com/callthread/callthread/testsuite/document"
)

const (
	manifests   = "../../deploy/kubernetes/base/"
	example     = "../../deploy/kubernetes/example/"
	shadow      = "../../deploy/kubernetes/shadow/"
	codecServer = "../../deploy/kubernetes/codec-server/"
)

// deployment is the part of a Deployment that the tests read.
type deployment struct {
	Kind     string
	Metadata struct{ Name string }
	Spec     struct {
		Template struct {
			Metadata struct{ Annotations map[string]string }
			Spec     pod
		}
	}
}

type pod struct {
	AutomountServiceAccountToken *bool `yaml:"automountServiceAccountToken"`
	SecurityContext              struct {
		RunAsNonRoot   bool                  `yaml:"runAsNonRoot"`
		SeccompProfile struct{ Type string } `yaml:"seccompProfile"`
	} `yaml:"securityContext"`
	TerminationGracePeriodSeconds int              `yaml:"terminationGracePeriodSeconds"`
	InitContainers                []map[string]any `yaml:"initContainers"`
	Containers                    []container
	Volumes                       []struct {
		Secret struct {
			Name string `yaml:"secretName"`
		}
	}
}

type container struct {
	Command []string
	EnvFrom []struct {
		ConfigMapRef struct{ Name string } `yaml:"configMapRef"`
	} `yaml:"envFrom"`
	Env   []struct{ Name, Value string }
	Ports []struct {
		Name          string
		ContainerPort string `yaml:"containerPort"`
	}
	LivenessProbe  probe `yaml:"livenessProbe"`
	ReadinessProbe probe `yaml:"readinessProbe"`
	Lifecycle      struct {
		PreStop struct{ Sleep struct{ Seconds int } } `yaml:"preStop"`
	}
	Resources    struct{ Requests, Limits map[string]string }
	VolumeMounts []struct {
		MountPath string `yaml:"mountPath"`
	} `yaml:"volumeMounts"`
	SecurityContext struct {
		AllowPrivilegeEscalation *bool `yaml:"allowPrivilegeEscalation"`
		ReadOnlyRootFilesystem   bool  `yaml:"readOnlyRootFilesystem"`
		Capabilities             struct{ Drop []string }
	} `yaml:"securityContext"`
}

type probe struct {
	HTTPGet struct{ Path, Port string } `yaml:"httpGet"`
}

// deployed returns the deployments by the program that each runs.
func deployed(t *testing.T) map[string]deployment {
	t.Helper()
	found := make(map[string]deployment)
	for name, file := range map[string]string{
		"starter": manifests + "receiver.yaml", "worker": manifests + "worker.yaml", "codec-server": codecServer + "codec-server.yaml",
	} {
		text, err := os.Open(file)
		require.NoError(t, err)
		defer func() { require.NoError(t, text.Close()) }()
		for decoder := yaml.NewDecoder(text); ; {
			var document deployment
			err := decoder.Decode(&document)
			if errors.Is(err, io.EOF) {
				break
			}
			require.NoError(t, err)
			if document.Kind == "Deployment" {
				found[name] = document
			}
		}
		require.Equal(t, "callthread-"+name, found[name].Metadata.Name, "the alerts know the programs by these names")
		require.Len(t, found[name].Spec.Template.Spec.Containers, 1)
	}
	return found
}

// settingNames matches the product's settings and Temporal's client settings.
var settingNames = regexp.MustCompile(`\b(?:BABELFORCE|CALLTHREAD|KUSTOMER|TEMPORAL)_[A-Z_]*[A-Z]\b`)

// known returns the settings that a program's help names.
func known(t *testing.T, command []string) []string {
	t.Helper()
	return settingNames.FindAllString(help(t, command[0], command[1:]...), -1)
}

// helps caches the help of programs by their command lines.
var helps = make(map[string]string)

// programs builds both programs once and returns their folder. `go run` would link them each time.
var programs = sync.OnceValues(func() (string, error) {
	folder, err := os.MkdirTemp("", "callthread-programs-")
	if err != nil {
		return "", err
	}
	output, err := exec.Command("go", "build", "-o", folder, "../../starter", "../../worker").CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("%w\n%s", err, output)
	}
	return folder, nil
})

func TestMain(m *testing.M) {
	status := m.Run()
	if folder, err := programs(); err == nil {
		_ = os.RemoveAll(folder)
	}
	os.Exit(status)
}

// help returns the help of a program.
func help(t *testing.T, program string, arguments ...string) string {
	t.Helper()
	folder, err := programs()
	require.NoError(t, err)
	line := append([]string{filepath.Join(folder, program)}, append(arguments, "--help")...)
	of := strings.Join(line, " ")
	if _, asked := helps[of]; !asked {
		output, err := exec.CommandContext(t.Context(), line[0], line[1:]...).Output()
		require.NoError(t, err)
		helps[of] = string(output)
	}
	return helps[of]
}

func helpOf(t *testing.T, program string, arguments ...string) document.Document {
	t.Helper()
	return document.Document{Name: "the help of " + strings.Join(append([]string{program}, arguments...), " "), Text: help(t, program, arguments...)}
}

// settings returns the environment variables of a container.
func settings(t *testing.T, c container) map[string]string {
	t.Helper()
	given := make(map[string]string)
	for _, from := range c.EnvFrom {
		for _, literal := range literals(t)[from.ConfigMapRef.Name] {
			name, value, _ := strings.Cut(literal, "=")
			given[name] = value
		}
	}
	for _, one := range c.Env {
		given[one.Name] = one.Value
	}
	return given
}

// literals returns the content of the generated ConfigMaps of the base by name.
func literals(t *testing.T) map[string][]string {
	t.Helper()
	found := literalsIn(t, manifests)
	maps.Copy(found, literalsIn(t, codecServer))
	return found
}

// literalsIn returns the content of the ConfigMaps that a folder generates or changes, by name.
func literalsIn(t *testing.T, folder string) map[string][]string {
	t.Helper()
	found := make(map[string][]string)
	text, err := os.ReadFile(folder + "kustomization.yaml")
	require.NoError(t, err)
	var generated struct {
		ConfigMapGenerator []struct {
			Name     string
			Literals []string
		} `yaml:"configMapGenerator"`
	}
	require.NoError(t, yaml.Unmarshal(text, &generated))
	for _, one := range generated.ConfigMapGenerator {
		found[one.Name] = one.Literals
	}
	return found
}

// seconds returns a constant of a source file.
func seconds(t *testing.T, file, constant string) int {
	t.Helper()
	text, err := os.ReadFile(file)
	require.NoError(t, err)
	found := regexp.MustCompile(`\b` + constant + ` = (\d+) \* time\.Second`).FindSubmatch(text)
	require.NotNil(t, found, "%s in %s", constant, file)
	number, err := strconv.Atoi(string(found[1]))
	require.NoError(t, err)
	return number
}
