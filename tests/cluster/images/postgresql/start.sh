#!/usr/bin/env bash
# The first start makes the databases; then the server runs in the foreground.
# PGDATA: the folder; POSTGRES_PASSWORD: the administrator's; /docker-entrypoint-initdb.d/*.sql: once, after that.
set -euo pipefail

if [ ! -s "$PGDATA/PG_VERSION" ]; then
  # Half a first start leaves no version: the folder is made aside and moved when it is whole.
  draft="$PGDATA.draft"
  rm -rf "$draft"
  initdb --pgdata "$draft" --username postgres --encoding UTF8 --auth-local trust --auth-host scram-sha-256 \
    --pwfile <(printf '%s\n' "$POSTGRES_PASSWORD")
  echo "host all all all scram-sha-256" >>"$draft/pg_hba.conf"
  pg_ctl --pgdata "$draft" --wait start --options "-c listen_addresses='' -k /tmp"
  for each in /docker-entrypoint-initdb.d/*.sql; do
    psql --host /tmp --username postgres --no-psqlrc --set ON_ERROR_STOP=1 --file "$each"
  done
  pg_ctl --pgdata "$draft" --wait --mode fast stop
  mv "$draft" "$PGDATA"
fi
exec postgres -D "$PGDATA" -c listen_addresses='*' -k /var/run/postgresql
