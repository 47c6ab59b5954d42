#!/bin/sh
# Creates Temporal's two databases, or brings them up to the version of the tool. May be run again at any time.
set -eu
tool() { temporal-sql-tool --plugin postgres12 --ep "$POSTGRES_SEEDS" -p "$DB_PORT" -u "$POSTGRES_USER" --pw "$POSTGRES_PWD" "$@"; }
for pair in temporal:temporal temporal_visibility:visibility; do
  db=${pair%:*} schema=${pair#*:}
  tool --db "$db" create
  tool --db "$db" setup-schema -v 0.0
  tool --db "$db" update-schema --schema-name "postgresql/v12/$schema"
done
