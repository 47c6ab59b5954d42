#!/bin/sh
# Creates the namespace of the calls. A call that ended is remembered for the
# retention: until then a late event for it changes nothing.
set -eu
temporal operator namespace describe -n "$TEMPORAL_NAMESPACE" >/dev/null 2>&1 ||
  temporal operator namespace create -n "$TEMPORAL_NAMESPACE" --retention "$RETENTION"
