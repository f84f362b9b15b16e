-- How far the events of an issuer have been read, in milliseconds of its clock.
create table event_cursor (
  issuer  text    not null,
  stream  text    not null check (stream in ('admin', 'user')),
  read_to integer not null,
  primary key (issuer, stream)
) strict, without rowid;
