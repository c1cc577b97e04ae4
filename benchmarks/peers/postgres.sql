-- The PostgreSQL peer: batch_post() takes arrays, a set at a time; post() takes one transfer.
create table accounts (
  id bigint primary key, ledger int not null,
  debits_posted bigint not null default 0, credits_posted bigint not null default 0,
  must_not_overdraw bool not null default false,
  check (not must_not_overdraw or debits_posted <= credits_posted)
) with (fillfactor = 50);
create table transfers (
  id bigint primary key, debit bigint not null, credit bigint not null,
  amount bigint not null check (amount > 0), ledger int not null, code int not null,
  ts timestamptz not null default clock_timestamp());
create sequence transfer_id cache 100;
create sequence batch_number;
create unlogged table batches (
  n int primary key, id bigint[], debit bigint[], credit bigint[], amount bigint[]);
alter table batches alter id set storage external, alter debit set storage external,
  alter credit set storage external, alter amount set storage external;

create function post(i bigint, d bigint, c bigint, a bigint) returns int language plpgsql as $$
begin
  insert into transfers (id, debit, credit, amount, ledger, code) values (i, d, c, a, 1, 1)
    on conflict do nothing;
  if not found then return 1; end if;
  if d < c then -- always in the same order, so that no two lock each other out
    update accounts set debits_posted = debits_posted + a where id = d and ledger = 1;
    if not found then raise 'no account'; end if;
    update accounts set credits_posted = credits_posted + a where id = c and ledger = 1;
    if not found then raise 'no account'; end if;
  else
    update accounts set credits_posted = credits_posted + a where id = c and ledger = 1;
    if not found then raise 'no account'; end if;
    update accounts set debits_posted = debits_posted + a where id = d and ledger = 1;
    if not found then raise 'no account'; end if;
  end if;
  return 0;
end $$;

create function batch_post(i bigint[], d bigint[], c bigint[], a bigint[]) returns int
language sql as $$
  with posted as (
    insert into transfers (id, debit, credit, amount, ledger, code)
    select u.i, u.d, u.c, u.a, 1, 1 from unnest(i, d, c, a) u (i, d, c, a)
      join accounts x on x.id = u.d and x.ledger = 1 join accounts y on y.id = u.c and y.ledger = 1
    on conflict do nothing returning debit, credit, amount),
  delta as (
    select id, sum(da)::bigint da, sum(ca)::bigint ca from (
      select debit id, amount da, 0::bigint ca from posted
      union all select credit, 0, amount from posted) both_sides
    group by id order by id),
  moved as (
    update accounts t set debits_posted = debits_posted + da, credits_posted = credits_posted + ca
    from delta where t.id = delta.id returning 1)
  select count(*)::int from moved $$;
