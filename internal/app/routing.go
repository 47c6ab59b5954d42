package app

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"go.temporal.io/api/serviceerror"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/worker"
)

const (
	// Temporal knows a version within a second of its first worker.
	lookForVersion = time.Second
	// lookForRouting is how often it is asked which calls go to this build.
	lookForRouting = 30 * time.Second
)

// follow says in the log which calls Temporal sends to this build, and again
// whenever that changes: a build that nobody has made current looks healthy and
// gets no call. The first build of a deployment makes itself current.
func (v *Version) follow(ctx context.Context, deployment client.WorkerDeploymentHandle, namespace string, log *slog.Logger) {
	log = log.With("deployment", v.Deployment, "build", v.BuildID)
	var said string
	for pause := lookForVersion; ; {
		select {
		case <-ctx.Done():
			return
		case <-time.After(pause):
		}
		now, err := v.look(ctx, deployment)
		var unknown *serviceerror.NotFound
		switch {
		case ctx.Err() != nil:
			return
		case errors.As(err, &unknown):
			continue
		case err != nil:
			now = standing{slog.LevelWarn, "Temporal does not tell which calls go to this build: " + err.Error()}
		}
		if pause = lookForRouting; now.words != said {
			if said = now.words; now.level == slog.LevelInfo {
				log.Info(now.words)
			} else {
				log.Warn(now.words, "command", v.makeCurrent(namespace))
			}
		}
	}
}

// look asks where this build stands, having made it current if no build of the deployment ever was.
func (v *Version) look(ctx context.Context, deployment client.WorkerDeploymentHandle) (standing, error) {
	described, err := deployment.Describe(ctx, client.WorkerDeploymentDescribeOptions{})
	if err != nil {
		return standing{}, err
	}
	if _, known := v.drainage(described.Info); known && isNew(described.Info.RoutingConfig) {
		// The token has it refused if somebody else decides at the same moment.
		_, refused := deployment.SetCurrentVersion(ctx, client.WorkerDeploymentSetCurrentVersionOptions{BuildID: v.BuildID, ConflictToken: described.ConflictToken})
		if refused == nil {
			return standing{slog.LevelInfo, takesNewCalls}, nil
		}
		if described, err = deployment.Describe(ctx, client.WorkerDeploymentDescribeOptions{}); err != nil {
			return standing{}, err
		}
		if isNew(described.Info.RoutingConfig) {
			return standing{slog.LevelWarn, "no call comes to this build until it is made current, which Temporal has refused it: " + refused.Error()}, nil
		}
	}
	drainage, known := v.drainage(described.Info)
	if !known {
		return standing{}, serviceerror.NewNotFound("the build has no worker yet")
	}
	return v.standing(described.Info.RoutingConfig, drainage), nil
}

// isNew reports whether nobody has ever chosen a build. One that was chosen and
// taken back is not new: who went back to workers without a version meant it.
func isNew(routing client.WorkerDeploymentRoutingConfig) bool {
	return routing.CurrentVersion == nil && routing.RampingVersion == nil &&
		routing.CurrentVersionChangedTime.IsZero() && routing.RampingVersionChangedTime.IsZero()
}

// standing is where a build stands, in words.
type standing struct {
	level slog.Level
	words string
}

const takesNewCalls = "this build is current: new calls come to it"

func (v *Version) standing(routing client.WorkerDeploymentRoutingConfig, drainage client.WorkerDeploymentVersionDrainageStatus) standing {
	newCalls := "new calls go to workers without a version"
	if routing.CurrentVersion != nil {
		newCalls = "new calls go to build " + routing.CurrentVersion.BuildID
	}
	switch {
	case v.is(routing.CurrentVersion):
		return standing{slog.LevelInfo, takesNewCalls}
	case v.is(routing.RampingVersion):
		return standing{slog.LevelInfo, fmt.Sprintf("%g %% of new calls come to this build", routing.RampingVersionPercentage)}
	}
	switch drainage {
	case client.WorkerDeploymentVersionDrainageStatusDraining:
		return standing{slog.LevelInfo, "this build finishes the calls that began with it; " + newCalls}
	case client.WorkerDeploymentVersionDrainageStatusDrained:
		return standing{slog.LevelInfo, "no call under way needs this build any more: its workers may be stopped; " + newCalls}
	default:
		return standing{slog.LevelWarn, "no call comes to this build until it is made current; " + newCalls}
	}
}

// drainage tells whether calls under way still need this build, if Temporal knows it.
func (v *Version) drainage(info client.WorkerDeploymentInfo) (drainage client.WorkerDeploymentVersionDrainageStatus, known bool) {
	for _, version := range info.VersionSummaries {
		if v.is(&version.Version) {
			return version.DrainageStatus, true
		}
	}
	return client.WorkerDeploymentVersionDrainageStatusUnspecified, false
}

func (v *Version) is(version *worker.WorkerDeploymentVersion) bool {
	return version != nil && version.BuildID == v.BuildID
}

// makeCurrent is the command that sends new calls to this build.
func (v *Version) makeCurrent(namespace string) string {
	return fmt.Sprintf("temporal worker deployment set-current-version --namespace %s --deployment-name %s --build-id %s", namespace, v.Deployment, v.BuildID)
}
