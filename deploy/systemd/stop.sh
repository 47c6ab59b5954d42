#!/bin/sh
# Stops the programs before the package is removed, and leaves them running before an upgrade.
# dpkg passes "remove"; rpm passes the number of versions that stay installed.
case "$1" in
  remove | 0) if [ -d /run/systemd/system ]; then systemctl disable --now callthread-starter callthread-worker || true; fi ;;
esac
