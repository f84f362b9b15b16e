-- How long the last revocation that a process told the others of took to hold everywhere, and when that was, in
-- milliseconds.
create table last_revocation (
  node    blob    primary key check (length(node) = 16),
  took_us integer not null,
  held_at integer not null
) strict, without rowid;
