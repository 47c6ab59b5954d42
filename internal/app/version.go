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

// Version says which build a worker is, for Temporal to choose by which calls
// go to it. Without a deployment's name workers have no version, and every call
// goes to any of them.
type Version struct {
	// Deployment is the name that all builds have in common.
	Deployment string
	// BuildID tells the builds apart; "" is the commit that the program was built from.
	BuildID string
}

// Flags are the settings. The second names are those that Temporal's Worker Controller sets.
func (v *Version) Flags() []cli.Flag {
	return []cli.Flag{
		&cli.StringFlag{
			Name: "deployment-name", EnvVars: []string{"CALLTHREAD_DEPLOYMENT_NAME", "TEMPORAL_DEPLOYMENT_NAME"},
			Usage: "`NAME` of Temporal's worker deployment, of which this worker is one version: calls then end on the build they began with; without it every call goes to any worker", Destination: &v.Deployment,
		},
		&cli.StringFlag{
			Name: "build-id", EnvVars: []string{"CALLTHREAD_BUILD_ID", "TEMPORAL_WORKER_BUILD_ID"},
			Usage: "`ID` of this build within the deployment; without it, the commit that the program was built from", Destination: &v.BuildID,
		},
	}
}

// On reports whether the worker has a version.
func (v *Version) On() bool { return v.Deployment != "" }

// options are those of a worker of this version. They refuse what Temporal
// would, and a build that cannot be told from others.
func (v *Version) options() (worker.DeploymentOptions, error) {
	if !v.On() {
		if v.BuildID != "" {
			return worker.DeploymentOptions{}, errors.New("--build-id (CALLTHREAD_BUILD_ID) means nothing without --deployment-name (CALLTHREAD_DEPLOYMENT_NAME): set both or neither")
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
		return worker.DeploymentOptions{}, errors.New("no build id: this program was not built from a commit as it stands, so set --build-id (CALLTHREAD_BUILD_ID) to a text that no other build has")
	}
	return worker.DeploymentOptions{
		UseVersioning: true,
		Version:       worker.WorkerDeploymentVersion{DeploymentName: v.Deployment, BuildID: v.BuildID},
		// A call is over within hours, so it can end on the code it began with. One that is parked may
		// take days; an operator can move it (docs/operations.md).
		DefaultVersioningBehavior: workflow.VersioningBehaviorPinned,
	}, nil
}

// commit is the commit that a program was built from, or "" if it is not known
// or files were changed since: two such builds would look the same.
func commit(of build.Info) string {
	if of.Modified {
		return ""
	}
	return of.Commit
}
