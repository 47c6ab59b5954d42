package app

import (
	"errors"
	"fmt"
	"strings"

	"github.com/urfave/cli/v2"
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"

	"github.com/callthread/callthread/internal/build"
)

// Version contains the settings for Temporal's worker versioning. Temporal sends a call to workers
// of the version with which it began. Without a deployment name workers have no version, and a call
// may go to any worker.
type Version struct {
	// Deployment is the name of the worker deployment, the same for all builds.
	Deployment string
	// BuildID identifies the build; "" is the commit from which the program was built.
	BuildID string
}

// Flags returns the flags of the settings. Temporal's Worker Controller sets their second variables.
func (v *Version) Flags() []cli.Flag {
	return []cli.Flag{
		&cli.StringFlag{
			Name: "deployment-name", EnvVars: []string{"CALLTHREAD_DEPLOYMENT_NAME", "TEMPORAL_DEPLOYMENT_NAME"},
			Usage: "`NAME` of Temporal's worker deployment of which this worker is a version: calls then end on the build with which they began; without it a call may go to any worker", Destination: &v.Deployment,
		},
		&cli.StringFlag{
			Name: "build-id", EnvVars: []string{"CALLTHREAD_BUILD_ID", "TEMPORAL_WORKER_BUILD_ID"},
			Usage: "`ID` of this build within the deployment; the default is the commit from which the program was built", Destination: &v.BuildID,
		},
	}
}

// On reports whether the worker has a version.
func (v *Version) On() bool { return v.Deployment != "" }

// options returns the options of a worker of this version. It fails for names that Temporal does not
// allow, and if the build has no id.
func (v *Version) options() (worker.DeploymentOptions, error) {
	if !v.On() {
		if v.BuildID != "" {
			return worker.DeploymentOptions{}, errors.New("--build-id (CALLTHREAD_BUILD_ID) has no effect without --deployment-name (CALLTHREAD_DEPLOYMENT_NAME): set both or neither")
		}
		return worker.DeploymentOptions{}, nil
	}
	if strings.ContainsAny(v.Deployment, ".:") {
		return worker.DeploymentOptions{}, fmt.Errorf("--deployment-name (CALLTHREAD_DEPLOYMENT_NAME) %q: Temporal allows neither dots nor colons in it", v.Deployment)
	}
	if v.BuildID == "" {
		v.BuildID = commit(build.Current())
	}
	if v.BuildID == "" {
		return worker.DeploymentOptions{}, errors.New("no build id: this program was not built from an unmodified commit, so set --build-id (CALLTHREAD_BUILD_ID) to a text that no other build has")
	}
	return worker.DeploymentOptions{
		UseVersioning: true,
		Version:       worker.WorkerDeploymentVersion{DeploymentName: v.Deployment, BuildID: v.BuildID},
		// A call ends within hours, so it can end on the build with which it began. A parked call
		// may take days; an operator can move it (docs/operations.md).
		DefaultVersioningBehavior: workflow.VersioningBehaviorPinned,
	}, nil
}

// commit is the commit from which the program was built. It is "" if the commit is unknown or files
// were modified, because different builds would have the same id.
func commit(of build.Info) string {
	if of.Modified {
		return ""
	}
	return of.Commit
}
