-- Users, roles and permissions, and the log of what has changed.
--
-- Times are milliseconds since the Unix epoch. Every key is `autoincrement`, so that a number is never used twice:
-- a link that a program without foreign keys left behind must not fall to the next user or role.

create table users (
  pk             integer primary key autoincrement,
  id             blob    not null unique check (length(id) = 16),
  kind           text    not null default 'person' check (kind in ('person', 'service')),
  issuer         text    not null check (issuer <> ''),
  keycloak_id    text    check (keycloak_id <> ''),
  username       text    not null unique check (length(username) between 1 and 255),
  username_key   text    not null,
  email          text    unique check (length(email) between 1 and 255),
  email_verified integer not null default 0 check (email_verified in (0, 1)),
  first_name     text,
  last_name      text,
  phone_number   text,
  state          text    not null check (state in ('pending', 'active', 'disabled', 'deleted', 'purged')),
  version        integer not null default 1,
  created_at     integer not null default (cast(round((julianday('now') - 2440587.5) * 86400000) as integer)),
  updated_at     integer not null default (cast(round((julianday('now') - 2440587.5) * 86400000) as integer)),
  deleted_at     integer,
  unique (issuer, keycloak_id),
  check ((state in ('deleted', 'purged')) = (deleted_at is not null)),
  check (state in ('pending', 'purged') or keycloak_id is not null)
) strict;

create index users_key on users (username_key);
create index users_odd on users (state, id) where state <> 'active';

create table roles (
  id          integer primary key autoincrement,
  name        text    not null unique
    check (length(name) between 1 and 63 and name glob '[a-z]*' and name not glob '*[^a-z0-9_-]*'),
  description text,
  system      integer not null default 0 check (system in (0, 1)),
  grants_all  integer not null default 0 check (grants_all in (0, 1)),
  version     integer not null default 1,
  created_at  integer not null default (cast(round((julianday('now') - 2440587.5) * 86400000) as integer)),
  created_by  blob    check (length(created_by) = 16)
) strict;

create table permissions (
  id          integer primary key autoincrement,
  name        text    not null unique
    check (length(name) between 3 and 127 and name glob '[a-z]*:[a-z]*' and name not glob '*[^a-z0-9_:-]*'
           and name not glob '*:*:*'),
  description text,
  system      integer not null default 0 check (system in (0, 1))
) strict;

create table user_roles (
  user_pk    integer not null references users (pk),
  role_id    integer not null references roles (id),
  granted_at integer not null default (cast(round((julianday('now') - 2440587.5) * 86400000) as integer)),
  granted_by blob    check (length(granted_by) = 16),
  primary key (user_pk, role_id)
) strict, without rowid;

create index user_roles_role on user_roles (role_id, user_pk);

create table role_permissions (
  role_id       integer not null references roles (id),
  permission_id integer not null references permissions (id),
  granted_at    integer not null default (cast(round((julianday('now') - 2440587.5) * 86400000) as integer)),
  granted_by    blob    check (length(granted_by) = 16),
  primary key (role_id, permission_id)
) strict, without rowid;

create index role_permissions_permission on role_permissions (permission_id, role_id);

create table change (
  seq        integer primary key autoincrement,
  tag        blob    not null unique default (randomblob(16)) check (length(tag) = 16),
  at         integer not null default (cast(round((julianday('now') - 2440587.5) * 86400000) as integer)),
  issuer     text    not null default '',
  kind       text    not null
    check (kind in ('session', 'handle', 'token', 'subject', 'client', 'realm', 'rights', 'catalogue')),
  key        text    not null,
  not_before integer
) strict;

-- Whoever changes rights inserts the subject here. SQLite cannot count the rows of a transaction, but the clock
-- stands still within one statement: after 100 entries of the same millisecond the log says "everybody" (`*`), and
-- goes on saying it with one entry that moves forward. `*` is never wrong, and each change still makes a newer entry.
create view rights_changed as select issuer, key as sub from change where kind = 'rights';

create trigger rights_changed_log instead of insert on rights_changed begin
  insert into change (issuer, kind, key)
    select iif(many, '', new.issuer), 'rights', iif(many, '*', new.sub)
    from (select exists (
      select 1 from change
      where at = cast(round((julianday('now') - 2440587.5) * 86400000) as integer) and kind = 'rights'
        and (seq = (select max(seq) from change) and key = '*' or seq = (select max(seq) from change) - 99)
    ) as many);
  delete from change
    where seq = (select max(seq) from change) - 1
      and kind = 'rights' and key = '*' and at = cast(round((julianday('now') - 2440587.5) * 86400000) as integer);
end;

create trigger users_inserted after insert on users when new.keycloak_id is not null begin
  insert into rights_changed values (new.issuer, new.keycloak_id);
end;

create trigger users_deleted after delete on users when old.keycloak_id is not null begin
  insert into rights_changed values (old.issuer, old.keycloak_id);
end;

create trigger users_updated
after update of pk, id, kind, issuer, keycloak_id, username, email, email_verified, first_name, last_name, phone_number, state
on users
when old.pk is not new.pk or old.id is not new.id or old.kind is not new.kind or old.issuer is not new.issuer
  or old.keycloak_id is not new.keycloak_id or old.username is not new.username or old.email is not new.email
  or old.email_verified is not new.email_verified or old.first_name is not new.first_name
  or old.last_name is not new.last_name or old.phone_number is not new.phone_number or old.state is not new.state
begin
  insert into rights_changed select old.issuer, old.keycloak_id
    where old.keycloak_id is not null
      and (old.issuer is not new.issuer or old.keycloak_id is not new.keycloak_id);
  insert into rights_changed select new.issuer, new.keycloak_id where new.keycloak_id is not null;
end;

-- `insert or replace` and `update or replace` remove the rows in their way without firing a delete trigger.
create trigger users_replacing before insert on users begin
  insert into rights_changed select issuer, keycloak_id from users
    where keycloak_id is not null
      and (id = new.id or username = new.username or email = new.email
           or issuer = new.issuer and keycloak_id = new.keycloak_id);
end;

create trigger users_overwriting before update of id, issuer, keycloak_id, username, email on users begin
  insert into rights_changed select issuer, keycloak_id from users
    where pk <> old.pk and keycloak_id is not null
      and (id = new.id or username = new.username or email = new.email
           or issuer = new.issuer and keycloak_id = new.keycloak_id);
end;

create trigger user_roles_inserted after insert on user_roles begin
  insert into rights_changed select issuer, keycloak_id from users where pk = new.user_pk and keycloak_id is not null;
end;

create trigger user_roles_deleted after delete on user_roles begin
  insert into rights_changed select issuer, keycloak_id from users where pk = old.user_pk and keycloak_id is not null;
end;

create trigger user_roles_updated after update of user_pk, role_id on user_roles
when old.user_pk is not new.user_pk or old.role_id is not new.role_id begin
  insert into rights_changed select issuer, keycloak_id from users
    where pk in (old.user_pk, new.user_pk) and keycloak_id is not null;
end;

create trigger roles_inserted after insert on roles begin
  insert into change (kind, key) values ('catalogue', '*');
end;
create trigger roles_deleted after delete on roles begin
  insert into change (kind, key) values ('catalogue', '*');
end;
create trigger roles_updated after update of id, name, grants_all on roles
when old.id is not new.id or old.name is not new.name or old.grants_all is not new.grants_all begin
  insert into change (kind, key) values ('catalogue', '*');
end;
create trigger permissions_inserted after insert on permissions begin
  insert into change (kind, key) values ('catalogue', '*');
end;
create trigger permissions_deleted after delete on permissions begin
  insert into change (kind, key) values ('catalogue', '*');
end;
create trigger permissions_updated after update of id, name on permissions
when old.id is not new.id or old.name is not new.name begin
  insert into change (kind, key) values ('catalogue', '*');
end;
create trigger role_permissions_inserted after insert on role_permissions begin
  insert into change (kind, key) values ('catalogue', '*');
end;
create trigger role_permissions_deleted after delete on role_permissions begin
  insert into change (kind, key) values ('catalogue', '*');
end;
create trigger role_permissions_updated after update of role_id, permission_id on role_permissions
when old.role_id is not new.role_id or old.permission_id is not new.permission_id begin
  insert into change (kind, key) values ('catalogue', '*');
end;

-- The sqlite3 shell checks no foreign keys unless it is told to.
create trigger users_in_use before delete on users
when exists (select 1 from user_roles where user_pk = old.pk) begin
  select raise(abort, 'the user still holds roles: delete its rows of user_roles first');
end;
create trigger roles_in_use before delete on roles
when exists (select 1 from user_roles where role_id = old.id)
  or exists (select 1 from role_permissions where role_id = old.id) begin
  select raise(abort, 'the role is still linked: delete its rows of user_roles and role_permissions first');
end;
create trigger permissions_in_use before delete on permissions
when exists (select 1 from role_permissions where permission_id = old.id) begin
  select raise(abort, 'the permission is still linked: delete its rows of role_permissions first');
end;

insert into roles (name, description, system, grants_all)
  values ('admin', 'Holds every permission, present and future', 1, 1);
insert into permissions (name, description, system) values
  ('users:read', 'See users', 1),
  ('users:write', 'Create, change and delete users', 1),
  ('roles:read', 'See roles and permissions', 1),
  ('roles:write', 'Create, change, delete and grant roles', 1),
  ('audit:read', 'See who changed what', 1);
