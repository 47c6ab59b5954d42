// Package deploy checks that the files in deploy and docker-compose.yml fit the programs: settings,
// ports, probes, time to stop, and the commands that the documents show.
package deploy

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v4"

	"github.com/callthread/callthread/automation"
	"github.com/callthread/callthread/internal/app"
	"github.com/callthread/callthread/testsuite/document"
)

func TestPodsMayDoNoMoreThanTheyNeed(t *testing.T) {
	no := false
	for name, d := range deployed(t) {
		pod := d.Spec.Template.Spec
		require.Equal(t, &no, pod.AutomountServiceAccountToken, name)
		require.True(t, pod.SecurityContext.RunAsNonRoot, name)
		require.Equal(t, "RuntimeDefault", pod.SecurityContext.SeccompProfile.Type, name)
		require.Empty(t, pod.InitContainers, name)
		c := pod.Containers[0]
		require.Equal(t, &no, c.SecurityContext.AllowPrivilegeEscalation, name)
		require.True(t, c.SecurityContext.ReadOnlyRootFilesystem, name)
		require.Equal(t, []string{"ALL"}, c.SecurityContext.Capabilities.Drop, name)
		require.NotEmpty(t, c.Resources.Requests["cpu"], name)
		require.NotEmpty(t, c.Resources.Requests["memory"], name)
		require.NotEmpty(t, c.Resources.Limits["memory"], name)
	}
	image, err := os.ReadFile("../../deploy/Dockerfile")
	require.NoError(t, err)
	stages := regexp.MustCompile(`(?m)^FROM (\S+)`).FindAllStringSubmatch(string(image), -1)
	require.True(t, strings.HasSuffix(stages[len(stages)-1][1], ":nonroot"))
}

func TestDeployedSettingsExist(t *testing.T) {
	for name, d := range deployed(t) {
		c := d.Spec.Template.Spec.Containers[0]
		known, given := known(t, c.Command), settings(t, c)
		require.NotEmpty(t, given["CALLTHREAD_ENCRYPTION_KEYS_FILE"], name)
		require.Equal(t, name != "codec-server", given["TEMPORAL_ADDRESS"] != "", name)
		for setting, value := range given {
			require.Contains(t, known, setting, name)
			if folder := filepath.Dir(value); filepath.IsAbs(value) {
				require.Contains(t, c.VolumeMounts, struct {
					MountPath string `yaml:"mountPath"`
				}{folder}, "%s of %s", setting, name)
			}
		}
	}
}

// A setting in an overlay that no program reads would be ignored.
func TestSettingsOfOverlaysExist(t *testing.T) {
	for _, folder := range []string{example, shadow} {
		changed := literalsIn(t, folder)
		for name, d := range deployed(t) {
			c := d.Spec.Template.Spec.Containers[0]
			known := known(t, c.Command)
			for _, from := range c.EnvFrom {
				for _, literal := range changed[from.ConfigMapRef.Name] {
					setting, _, _ := strings.Cut(literal, "=")
					require.Contains(t, known, setting, "%s of %s", name, folder)
				}
			}
		}
	}
}

// The base sets the budget of live calls, which would take precedence over a shadow's default.
func TestShadowOverlayWritesNothingAndReadsLittle(t *testing.T) {
	changed := literalsIn(t, shadow)
	require.Contains(t, changed["callthread"], "CALLTHREAD_SHADOW=true", "receiver and worker read it")
	require.Contains(t, changed["callthread-worker"], fmt.Sprintf("KUSTOMER_BUDGET=%d", app.ShadowBudget))
}

func TestProbesAskWhereTheProgramsAnswer(t *testing.T) {
	deployed := deployed(t)
	for name, at := range map[string]string{"starter": "webhooks", "worker": "metrics"} {
		d := deployed[name]
		c, ports := d.Spec.Template.Spec.Containers[0], make(map[string]string)
		said := helpOf(t, c.Command[0], c.Command[1:]...)
		for _, port := range c.Ports {
			ports[port.Name] = port.ContainerPort
			said.Has(t, `(default: ":`+port.ContainerPort+`")`)
		}
		require.Equal(t, ports["metrics"], d.Spec.Template.Metadata.Annotations["prometheus.io/port"], name)
		require.NotEmpty(t, ports[at], name)
		require.Equal(t, struct{ Path, Port string }{"/healthz", at}, c.LivenessProbe.HTTPGet, name)
		require.Equal(t, struct{ Path, Port string }{"/readyz", at}, c.ReadinessProbe.HTTPGet, name)
	}
}

// A program that is killed earlier leaves webhooks unanswered, or steps that must be looked up
// again.
func TestProgramsHaveTimeToStop(t *testing.T) {
	receiver, worker := seconds(t, "../../starter/listen.go", "shutdownTimeout"), seconds(t, "../../internal/app/worker.go", "stopTimeout")
	takes := map[string]int{"starter": receiver, "codec-server": receiver, "worker": worker}
	services := services(t)
	for name, d := range deployed(t) {
		pod := d.Spec.Template.Spec
		require.Greater(t, pod.TerminationGracePeriodSeconds, pod.Containers[0].Lifecycle.PreStop.Sleep.Seconds+takes[name], name)
		composed, err := strconv.Atoi(strings.TrimSuffix(services[name].StopGracePeriod, "s"))
		require.NoError(t, err, name)
		require.Greater(t, composed, takes[name], name)
	}
}

// The policies of the base block traces. The example's policy allows them for both programs.
func TestExampleAllowsTracesToCollector(t *testing.T) {
	text, err := os.ReadFile(example + "traces.yaml")
	require.NoError(t, err)
	var policy struct {
		Kind string
		Spec struct {
			PodSelector struct {
				MatchLabels map[string]string `yaml:"matchLabels"`
			} `yaml:"podSelector"`
			Egress []struct {
				To []struct {
					NamespaceSelector struct {
						MatchLabels map[string]string `yaml:"matchLabels"`
					} `yaml:"namespaceSelector"`
				}
				Ports []struct{ Port string }
			}
		}
	}
	require.NoError(t, yaml.Unmarshal(text, &policy))
	require.Equal(t, "NetworkPolicy", policy.Kind)
	require.Equal(t, map[string]string{"app.kubernetes.io/part-of": "callthread"}, policy.Spec.PodSelector.MatchLabels)
	base, err := os.ReadFile(manifests + "kustomization.yaml")
	require.NoError(t, err)
	require.Contains(t, string(base), "pairs: { app.kubernetes.io/part-of: callthread }\n    includeTemplates: true", "which all pods have")

	kustomization, err := os.ReadFile(example + "kustomization.yaml")
	require.NoError(t, err)
	require.Contains(t, string(kustomization), "- traces.yaml")
	endpoint := regexp.MustCompile(`OTEL_EXPORTER_OTLP_ENDPOINT=http://[\w-]+\.([\w-]+):(\d+)`).FindStringSubmatch(string(kustomization))
	require.NotNil(t, endpoint)
	require.Equal(t, endpoint[1], policy.Spec.Egress[0].To[0].NamespaceSelector.MatchLabels["kubernetes.io/metadata.name"])
	require.Equal(t, endpoint[2], policy.Spec.Egress[0].Ports[0].Port)
}

func TestDeployedAutomationsAreBuiltIn(t *testing.T) {
	document.Read(t, manifests+"automations.yaml").Is(t, string(automation.DefaultFile))
}
