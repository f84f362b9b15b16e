-- How long the last revocation that a node told the others of took to hold everywhere, and when that was. A table of its
-- own: to alter that of the nodes would keep them from polling.
create table doorward.last_revocation (
  node    uuid        primary key,
  took_us bigint      not null,
  held_at timestamptz not null
);
