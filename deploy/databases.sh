#!/bin/bash
# Run by the image of PostgreSQL on an empty folder: one database and one owner for each, who sees nothing else.
set -euo pipefail
for name in doorward keycloak; do
  variable=${name^^}_DATABASE_PASSWORD
  psql --set ON_ERROR_STOP=1 --set name="$name" --set password="${!variable}" --username postgres <<'SQL'
create role :"name" login password :'password';
create database :"name" owner :"name";
revoke connect on database :"name" from public;
SQL
done
