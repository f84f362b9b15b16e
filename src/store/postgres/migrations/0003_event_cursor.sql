-- How far the events of an issuer have been read, in milliseconds of its clock.
create table doorward.event_cursor (
  issuer  text   collate "C" not null,
  stream  text   collate "C" not null check (stream in ('admin', 'user')),
  read_to bigint not null,
  primary key (issuer, stream)
);
