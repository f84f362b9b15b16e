-- Users, roles and permissions, and the log of what has changed.

create table doorward.users (
  id             uuid        primary key,
  kind           text        not null default 'person' check (kind in ('person', 'service')),
  issuer         text        collate "C" not null check (issuer <> ''),
  keycloak_id    text        collate "C" check (keycloak_id <> ''),
  username       text        collate "C" not null unique check (length(username) between 1 and 255),
  username_key   text        collate "C" not null,
  email          text        collate "C" unique check (length(email) between 1 and 255),
  email_verified boolean     not null default false,
  first_name     text,
  last_name      text,
  phone_number   text,
  state          text        not null check (state in ('pending', 'active', 'disabled', 'deleted', 'purged')),
  version        bigint      not null default 1,
  created_at     timestamptz not null default now(),
  updated_at     timestamptz not null default now(),
  deleted_at     timestamptz,
  unique (issuer, keycloak_id),
  check ((state in ('deleted', 'purged')) = (deleted_at is not null)),
  check (state in ('pending', 'purged') or keycloak_id is not null)
);

create index users_key on doorward.users (username_key);
create index users_odd on doorward.users (state, id) where state <> 'active';

create table doorward.roles (
  id          int         generated always as identity primary key,
  name        text        collate "C" not null unique check (name ~ '^[a-z][a-z0-9_-]{0,62}$'),
  description text,
  system      boolean     not null default false,
  grants_all  boolean     not null default false,
  version     bigint      not null default 1,
  created_at  timestamptz not null default now(),
  created_by  uuid
);

create table doorward.permissions (
  id          int     generated always as identity primary key,
  name        text    collate "C" not null unique
    check (name ~ '^[a-z][a-z0-9_-]{0,62}:[a-z][a-z0-9_-]{0,62}$'),
  description text,
  system      boolean not null default false
);

create table doorward.user_roles (
  user_id    uuid        not null references doorward.users (id),
  role_id    int         not null references doorward.roles (id),
  granted_at timestamptz not null default now(),
  granted_by uuid,
  primary key (user_id, role_id)
);

create index user_roles_role on doorward.user_roles (role_id, user_id);

create table doorward.role_permissions (
  role_id       int         not null references doorward.roles (id),
  permission_id int         not null references doorward.permissions (id),
  granted_at    timestamptz not null default now(),
  granted_by    uuid,
  primary key (role_id, permission_id)
);

create index role_permissions_permission on doorward.role_permissions (permission_id, role_id);

create table doorward.change (
  seq        bigint      generated always as identity primary key,
  tag        uuid        not null unique default gen_random_uuid(),
  at         timestamptz not null default clock_timestamp(),
  issuer     text        collate "C" not null default '',
  kind       text        not null
    check (kind in ('session', 'handle', 'token', 'subject', 'client', 'realm', 'rights', 'catalogue')),
  key        text        collate "C" not null,
  not_before bigint
);

-- The lock is taken before the number is drawn and held until the commit is visible: numbers are the order of commits.
create function doorward.record_change(issuer text, kind text, key text, not_before bigint default null) returns bigint
language plpgsql security definer set search_path = doorward, pg_temp as $$
declare
  number bigint;
begin
  perform pg_advisory_xact_lock(7305040717);
  insert into change (issuer, kind, key, not_before) values ($1, $2, $3, $4) returning seq into number;
  perform pg_notify('doorward_change', '');
  return number;
end $$;

-- The rights of a subject. After 100 entries of one transaction the log says "everybody" (`*`) once, and is silent.
-- The setting lives as long as the transaction; the number in it tells whose it is, should somebody set it.
create function doorward.rights_changed(issuer text, sub text) returns void
language plpgsql security definer set search_path = doorward, pg_temp as $$
declare
  mine text := pg_current_xact_id()::text || ':';
  said text := coalesce(current_setting('doorward.rights_changed', true), '');
  count int := case when starts_with(said, mine) then substr(said, length(mine) + 1)::int else 0 end;
begin
  if sub is null or count > 100 then
    return;
  end if;
  if count = 100 then
    perform record_change('', 'rights', '*');
  else
    perform record_change(issuer, 'rights', sub);
  end if;
  perform set_config('doorward.rights_changed', mine || (count + 1), true);
end $$;

create function doorward.users_changed() returns trigger
language plpgsql security definer set search_path = doorward, pg_temp as $$
begin
  if tg_op = 'DELETE' or tg_op = 'UPDATE' and (old.issuer, old.keycloak_id) is distinct from (new.issuer, new.keycloak_id) then
    perform rights_changed(old.issuer, old.keycloak_id);
  end if;
  if tg_op <> 'DELETE' then
    perform rights_changed(new.issuer, new.keycloak_id);
  end if;
  return null;
end $$;

create function doorward.user_roles_changed() returns trigger
language plpgsql security definer set search_path = doorward, pg_temp as $$
begin
  if tg_op <> 'INSERT' then
    perform rights_changed(u.issuer, u.keycloak_id) from users u where u.id = old.user_id;
  end if;
  if tg_op = 'INSERT' or tg_op = 'UPDATE' and old.user_id <> new.user_id then
    perform rights_changed(u.issuer, u.keycloak_id) from users u where u.id = new.user_id;
  end if;
  return null;
end $$;

-- One entry a transaction: the catalogue is read whole.
create function doorward.catalogue_changed() returns trigger
language plpgsql security definer set search_path = doorward, pg_temp as $$
declare
  mine text := pg_current_xact_id()::text;
begin
  if current_setting('doorward.catalogue_changed', true) is distinct from mine then
    perform record_change('', 'catalogue', '*');
    perform set_config('doorward.catalogue_changed', mine, true);
  end if;
  return null;
end $$;

-- Truncating locks the table anyway, and only row triggers can be deferred.
create function doorward.everybody_changed() returns trigger
language plpgsql security definer set search_path = doorward, pg_temp as $$
begin
  perform record_change('', 'rights', '*');
  return null;
end $$;

revoke all on function doorward.record_change(text, text, text, bigint), doorward.rights_changed(text, text) from public;

-- Deferred, so that they run at COMMIT: an open transaction must not hold the lock of the log.
create constraint trigger users_made after insert or delete on doorward.users
  deferrable initially deferred for each row execute function doorward.users_changed();
create constraint trigger users_updated after update on doorward.users
  deferrable initially deferred for each row
  when ((old.id, old.kind, old.issuer, old.keycloak_id, old.username, old.email, old.email_verified, old.first_name,
         old.last_name, old.phone_number, old.state)
    is distinct from
        (new.id, new.kind, new.issuer, new.keycloak_id, new.username, new.email, new.email_verified, new.first_name,
         new.last_name, new.phone_number, new.state))
  execute function doorward.users_changed();
create constraint trigger user_roles_made after insert or delete on doorward.user_roles
  deferrable initially deferred for each row execute function doorward.user_roles_changed();
create constraint trigger user_roles_updated after update on doorward.user_roles
  deferrable initially deferred for each row
  when ((old.user_id, old.role_id) is distinct from (new.user_id, new.role_id))
  execute function doorward.user_roles_changed();

create constraint trigger roles_made after insert or delete on doorward.roles
  deferrable initially deferred for each row execute function doorward.catalogue_changed();
create constraint trigger roles_updated after update on doorward.roles
  deferrable initially deferred for each row
  when ((old.id, old.name, old.grants_all) is distinct from (new.id, new.name, new.grants_all))
  execute function doorward.catalogue_changed();
create constraint trigger permissions_made after insert or delete on doorward.permissions
  deferrable initially deferred for each row execute function doorward.catalogue_changed();
create constraint trigger permissions_updated after update on doorward.permissions
  deferrable initially deferred for each row
  when ((old.id, old.name) is distinct from (new.id, new.name))
  execute function doorward.catalogue_changed();
create constraint trigger role_permissions_made after insert or delete on doorward.role_permissions
  deferrable initially deferred for each row execute function doorward.catalogue_changed();
create constraint trigger role_permissions_updated after update on doorward.role_permissions
  deferrable initially deferred for each row
  when ((old.role_id, old.permission_id) is distinct from (new.role_id, new.permission_id))
  execute function doorward.catalogue_changed();

create trigger users_truncated after truncate on doorward.users
  for each statement execute function doorward.everybody_changed();
create trigger user_roles_truncated after truncate on doorward.user_roles
  for each statement execute function doorward.everybody_changed();
create trigger roles_truncated after truncate on doorward.roles
  for each statement execute function doorward.catalogue_changed();
create trigger permissions_truncated after truncate on doorward.permissions
  for each statement execute function doorward.catalogue_changed();
create trigger role_permissions_truncated after truncate on doorward.role_permissions
  for each statement execute function doorward.catalogue_changed();

-- Also for rows that logical replication brings, and in sessions with session_replication_role = replica.
alter table doorward.users enable always trigger users_made;
alter table doorward.users enable always trigger users_updated;
alter table doorward.users enable always trigger users_truncated;
alter table doorward.user_roles enable always trigger user_roles_made;
alter table doorward.user_roles enable always trigger user_roles_updated;
alter table doorward.user_roles enable always trigger user_roles_truncated;
alter table doorward.roles enable always trigger roles_made;
alter table doorward.roles enable always trigger roles_updated;
alter table doorward.roles enable always trigger roles_truncated;
alter table doorward.permissions enable always trigger permissions_made;
alter table doorward.permissions enable always trigger permissions_updated;
alter table doorward.permissions enable always trigger permissions_truncated;
alter table doorward.role_permissions enable always trigger role_permissions_made;
alter table doorward.role_permissions enable always trigger role_permissions_updated;
alter table doorward.role_permissions enable always trigger role_permissions_truncated;

insert into doorward.roles (name, description, system, grants_all)
  values ('admin', 'Holds every permission, present and future', true, true);
insert into doorward.permissions (name, description, system) values
  ('users:read', 'See users', true),
  ('users:write', 'Create, change and delete users', true),
  ('roles:read', 'See roles and permissions', true),
  ('roles:write', 'Create, change, delete and grant roles', true),
  ('audit:read', 'See who changed what', true);
