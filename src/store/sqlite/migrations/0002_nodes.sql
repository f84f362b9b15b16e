-- The processes that judge requests by the log: how far each has applied it, and how often it has polled.

create table node (
  id        blob    primary key check (length(id) = 16),
  tag       blob    check (length(tag) = 16),
  beat      integer not null default 0,
  name      text    not null default '',
  version   text    not null default '',
  joined_at integer not null default (cast(round((julianday('now') - 2440587.5) * 86400000) as integer))
) strict, without rowid;

-- What all of them must agree on.
create table lease (
  one       integer primary key default 1 check (one = 1),
  length_ms integer not null
) strict;

insert into lease (length_ms) values (1000);
