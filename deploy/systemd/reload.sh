#!/bin/sh
# Has systemd read the units again, after the package was installed, upgraded or removed.
if [ -d /run/systemd/system ]; then systemctl daemon-reload || true; fi
