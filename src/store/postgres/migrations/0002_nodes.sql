-- The nodes that judge requests by the log: how far each has applied it, and how often it has polled.

create table doorward.node (
  id        uuid        primary key,
  tag       uuid,
  beat      bigint      not null default 0,
  name      text        not null default '',
  version   text        not null default '',
  joined_at timestamptz not null default clock_timestamp()
) with (fillfactor = 50, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 2000);

-- What all nodes must agree on.
create table doorward.lease (
  one       boolean primary key default true check (one),
  length_ms bigint  not null
);

insert into doorward.lease (length_ms) values (1000);
