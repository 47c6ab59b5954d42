package app

import (
	"context"
	"errors"
	"fmt"
	"log/slog"

	"go.temporal.io/api/serviceerror"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/worker"
)

// announce logs at the start which build gets new calls, and the command that makes this build
// current. A build that is not current looks healthy but gets no calls.
func (v *Version) announce(ctx context.Context, deployment client.WorkerDeploymentHandle, namespace string, log *slog.Logger) {
	log = log.With("deployment", v.Deployment, "build", v.BuildID)
	described, err := deployment.Describe(ctx, client.WorkerDeploymentDescribeOptions{})
	var unknown *serviceerror.NotFound // no worker of the deployment has polled yet
	if err != nil && !errors.As(err, &unknown) {
		log.Warn("it is unknown which build gets new calls", "problem", err)
		return
	}
	routing := described.Info.RoutingConfig
	switch current := routing.CurrentVersion; {
	case v.is(current):
		log.Info("this build is current: it takes new calls")
	case v.is(routing.RampingVersion):
		log.Info(fmt.Sprintf("this build takes %g %% of new calls", routing.RampingVersionPercentage))
	case current == nil:
		log.Warn("this build takes no new calls until it is made current; workers without a version take them", "command", v.makeCurrent(namespace))
	default:
		log.Warn("this build takes no new calls until it is made current; build "+current.BuildID+" takes them", "command", v.makeCurrent(namespace))
	}
}

func (v *Version) is(version *worker.WorkerDeploymentVersion) bool {
	return version != nil && version.BuildID == v.BuildID
}

// makeCurrent is the command that makes this build current.
func (v *Version) makeCurrent(namespace string) string {
	return fmt.Sprintf("temporal worker deployment set-current-version --namespace %s --deployment-name %s --build-id %s", namespace, v.Deployment, v.BuildID)
}
