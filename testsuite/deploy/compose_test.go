package deploy

import (
	"path"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v4"

	"github.com/callthread/callthread/testsuite/document"
)

// service is the part of a service in docker-compose.yml that the tests read.
type service struct {
	Image           string
	Command         []string
	Environment     map[string]string
	ReadOnly        bool `yaml:"read_only"`
	Volumes, Ports  []string
	StopGracePeriod string `yaml:"stop_grace_period"`
}

func services(t *testing.T) map[string]service {
	t.Helper()
	var compose struct{ Services map[string]service }
	require.NoError(t, yaml.Unmarshal([]byte(composeFile(t).Text), &compose))
	return compose.Services
}

func composeFile(t *testing.T) document.Document {
	t.Helper()
	return document.Read(t, "../../docker-compose.yml")
}

// ours returns the services that run the product's programs.
func ours(t *testing.T) map[string]service {
	t.Helper()
	found := services(t)
	for name, s := range found {
		if s.Image != "${CALLTHREAD_IMAGE:-callthread}" {
			delete(found, name)
		}
	}
	require.Len(t, found, 5)
	return found
}

func TestComposedSettingsExist(t *testing.T) {
	operations := document.Read(t, "../../docs/operations.md")
	for name, s := range ours(t) {
		require.True(t, s.ReadOnly, name)
		require.NotEmpty(t, s.Environment, name)
		known := known(t, s.Command)
		for setting := range s.Environment {
			if strings.HasPrefix(setting, "OTEL_") { // read by OpenTelemetry's libraries
				operations.Has(t, "`"+setting+"`")
				continue
			}
			require.Contains(t, known, setting, name)
		}
	}
}

// fixed are settings that follow from the container, or that are set as text instead of as a file.
var fixed = regexp.MustCompile(`^TEMPORAL_|_FILE$|_LISTEN$|^CALLTHREAD_(?:WITH_WORKER|COMPARE_ONLY)$`)

func TestEverySettingCanBeComposed(t *testing.T) {
	composed := ours(t)
	ofWorkers := known(t, composed["worker"].Command)
	for _, name := range []string{"starter", "worker", "codec-server"} {
		for _, setting := range known(t, composed[name].Command) {
			if fixed.MatchString(setting) || name == "starter" && slices.Contains(ofWorkers, setting) {
				continue
			}
			_, isHandedOn := composed[name].Environment[setting]
			require.True(t, isHandedOn, "docker-compose.yml does not hand %s on to %s", setting, name)
		}
	}
	for _, setting := range []string{"CALLTHREAD_AUTOMATIONS", "CALLTHREAD_ENCRYPTION_KEYS", "CALLTHREAD_LOG_LEVEL", "CALLTHREAD_TASK_QUEUE"} {
		require.Contains(t, composed["starter"].Environment, setting, "both have it")
	}
}

func TestAutomationsFolderIsMounted(t *testing.T) {
	for _, name := range []string{"starter", "worker"} {
		s := ours(t)[name]
		file := regexp.MustCompile(`^\$\{AUTOMATIONS_FOLDER:\+(/.+)\}$`).FindStringSubmatch(s.Environment["CALLTHREAD_AUTOMATIONS"])
		require.NotNil(t, file, name)
		require.Contains(t, s.Volumes, "${AUTOMATIONS_FOLDER:-./automation}:"+path.Dir(file[1])+":ro", name)
	}
}

func TestComposedCodecServerAllowsTheWebUI(t *testing.T) {
	all := services(t)
	ui, codec := all["ui"], all["codec-server"]
	require.Equal(t, "0.0.0.0:8091", codec.Environment["CALLTHREAD_CODEC_LISTEN"])
	require.Equal(t, []string{"127.0.0.1:8091:8091"}, codec.Ports)
	require.Contains(t, ui.Environment["TEMPORAL_CODEC_ENDPOINT"], "http://localhost:8091}")
	require.Equal(t, []string{"127.0.0.1:8233:8080"}, ui.Ports)
	require.Contains(t, codec.Environment["CALLTHREAD_UI_ORIGIN"], ":-http://localhost:8233}")
}

// A setting in the example of .env has no effect if no service receives it.
func TestExampleOfEnvIsPassedOn(t *testing.T) {
	block := regexp.MustCompile("(?s)```sh\n(KUSTOMER_URL=.*?)```").FindStringSubmatch(document.Read(t, "../../docs/operations.md").Text)
	require.NotNil(t, block)
	for line := range strings.Lines(block[1]) {
		name, _, found := strings.Cut(line, "=")
		require.True(t, found, line)
		if name == "COMPOSE_PROFILES" { // read by Compose itself
			composeFile(t).Has(t, "profiles: [codec]")
			continue
		}
		require.True(t, regexp.MustCompile(`(?m)\$\{`+name+`:|^ +`+name+`:$`).MatchString(composeFile(t).Text), name)
	}
}
