/** What the shop keeps. Every statement is harmless when repeated. */

export const createSchema = 'create schema if not exists coffee_shop'

export const createTables = `
  create table if not exists users (
    id int generated always as identity primary key,
    email text not null unique,
    full_name text not null,
    loyalty_points int not null default 0
  );
  create table if not exists addresses (
    id int generated always as identity primary key,
    user_id int not null unique references users,
    street text not null,
    city text not null,
    postal_code text not null
  );
  create table if not exists credentials (
    user_id int primary key references users,
    salt text not null,
    password_hash text not null
  );
  create table if not exists subscribers (
    id int generated always as identity primary key,
    email text not null,
    full_name text not null,
    subscribed_at timestamptz not null,
    preferences jsonb not null,
    notes text not null
  );
  create table if not exists products (
    id int generated always as identity primary key,
    title text not null,
    category text not null,
    price_cents int not null,
    available boolean not null default true
  );
  create table if not exists branches (
    id int generated always as identity primary key,
    label text not null,
    street text not null,
    city text not null,
    opened_on date not null
  );
  create table if not exists opening_hours (
    branch_id int not null references branches,
    weekday int not null,
    opens_at time not null,
    closes_at time not null,
    primary key (branch_id, weekday)
  );
  create table if not exists orders (
    id int generated always as identity primary key,
    user_id int not null references users,
    branch_id int not null references branches,
    state text not null,
    placed_at timestamptz not null default now(),
    total_cents int not null
  );
  create index if not exists orders_by_user on orders (user_id, id);
  create table if not exists order_lines (
    id int generated always as identity primary key,
    order_id int not null references orders,
    product_id int not null references products,
    quantity int not null,
    unit_cents int not null
  );
  create index if not exists order_lines_by_order on order_lines (order_id);
  create table if not exists receipts (
    id int generated always as identity primary key,
    order_id int not null unique references orders,
    region text not null,
    issued_at timestamptz not null
  );
  create table if not exists tax_rates (
    region text not null,
    valid_from date not null,
    rate_percent int not null,
    primary key (region, valid_from)
  );
  create table if not exists reviews (
    id int generated always as identity primary key,
    product_id int not null references products,
    user_id int not null references users,
    stars int not null,
    remark text not null,
    written_at timestamptz not null
  );
  create table if not exists beans (
    id int generated always as identity primary key,
    variety text not null,
    origin text not null
  );
  create table if not exists roasts (
    id int generated always as identity primary key,
    bean_id int not null references beans,
    roasted_at timestamptz not null,
    kilograms_left int not null
  );
  create index if not exists roasts_by_bean on roasts (bean_id, roasted_at);
  create table if not exists stock (
    branch_id int not null references branches,
    article int not null,
    pieces int not null,
    sold_today int not null default 0,
    primary key (branch_id, article)
  );
  create table if not exists deliveries (
    id int generated always as identity primary key,
    supplier text not null,
    arrived_at timestamptz not null default now()
  );
  create table if not exists delivery_sacks (
    delivery_id int not null references deliveries,
    bean_id int not null references beans,
    kilograms int not null
  );
  create table if not exists profiles (
    user_id int primary key references users,
    nickname text,
    pronouns text,
    birthday date,
    gender text,
    mobile_phone text,
    landline text,
    employer text,
    profession text,
    biography text,
    portrait_path text,
    banner_path text,
    homepage text,
    language text,
    timezone text,
    currency text,
    theme text,
    favourite_drink text,
    favourite_bean text,
    favourite_branch int,
    milk_kind text,
    milk_foam int,
    sugar_spoons int,
    cup_kind text,
    cup_litres numeric(3, 2),
    grind_setting int,
    brew_method text,
    brew_minutes int,
    water_celsius int,
    allergies text,
    diet text,
    newsletter boolean,
    newsletter_topics text,
    sms_offers boolean,
    phone_calls boolean,
    partner_offers boolean,
    invited_by int,
    invite_token text,
    first_visit date,
    last_visit date,
    visit_total int,
    spent_cents int,
    tips_cents int,
    refunds_cents int,
    complaints int,
    card_brand text,
    card_suffix text,
    card_expiry text,
    billing_memo text,
    staff_memo text
  );
`

/** Every table, in the order in which they can be emptied together. */
export const tableNames = [...createTables.matchAll(/create table if not exists (\w+)/g)].map(
  match => match[1] as string,
)
