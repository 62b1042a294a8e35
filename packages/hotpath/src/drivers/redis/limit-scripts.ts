/**
 * The scripts of limits. Each but one has one key, so a cluster runs it where that lies. Times are microseconds of the
 * server's clock; those that are given back are multiplied by 4, since Redis takes whole numbers, and all are
 * whole quarters. What may be in use for as long as the key lives is kept as text: numbers of Lua would lose
 * their last digits.
 */

/** GCRA of one window for one key: `ahead` is how far ahead the client was, `after` how far it is now. */
const gcra = (key: string, had: string, arg: (n: number) => string): string =>
  `local capacity, need, spent = tonumber(${arg(1)}), tonumber(${arg(2)}), tonumber(${arg(3)})
local ahead = ${had} - now
local changed = ahead > capacity or ahead < spent
if ahead > capacity then ahead = capacity end
if ahead < spent then ahead = spent end
local after = ahead + need
local refused = after > capacity
if refused then after = ahead end
local set = after > 0 and (changed or not refused) and
  redis.call('set', ${key}, string.format('%.2f', now + after), 'px', math.ceil(after / 1000))`

/**
 * GCRA with one window. ARGV: capacity, need, spent. Gives the time, and how far ahead the client is now; where
 * it was refused as a negative number, less one.
 */
export const GCRA = `local time = redis.call('time')
local now = time[1] * 1000000 + time[2]
${gcra('KEYS[1]', "tonumber(redis.call('get', KEYS[1]) or 0)", n => `ARGV[${n}]`)}
if refused then return {now, -4 * ahead - 1} end
return {now, 4 * after}`

/**
 * The same for many keys, which lie on one server: three of ARGV for each. Gives the time, and a number for each;
 * nothing for a key that holds something else, which is no fault of the others. What else can fail (no memory, a
 * server that may only be read) fails at the first write: nobody was charged then.
 */
export const GCRA_MANY = `local time = redis.call('time')
local now = time[1] * 1000000 + time[2]
local given = {now}
for i, key in ipairs(KEYS) do
  local got = redis.pcall('get', key)
  local had = type(got) ~= 'table' and tonumber(got or 0)
  if not had then
    given[i + 1] = false
  else
    ${gcra('key', 'had', n => `ARGV[3 * i - ${3 - n}]`).replaceAll('\n', '\n    ')}
    given[i + 1] = refused and -4 * ahead - 1 or 4 * after
  end
end
return given`

/** Reads the state, numbers between spaces; keeps it; and what repeated refusal brings. */
const COMMON = `local time = redis.call('time')
local now = time[1] * 1000000 + time[2]
local n = tonumber(ARGV[1])
local limit, within, lasts = tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4])
local state = {}
for number in string.gmatch(redis.call('get', KEYS[1]) or '', '%S+') do state[#state + 1] = tonumber(number) end
local function arg(i, j) return tonumber(ARGV[5 + (i - 1) * WIDTH + j]) end
local last = n * SIZE
for i = 1, last + 3 do state[i] = state[i] or 0 end
local function keep(us)
  if limit > 0 then
    if state[last + 1] > 0 then us = math.max(us, state[last + 2] + within - now) end
    us = math.max(us, state[last + 3] - now)
  end
  local text = {}
  for i = 1, limit > 0 and last + 3 or last do text[i] = string.format('%.2f', state[i]) end
  if us > 0 then redis.call('set', KEYS[1], table.concat(text, ' '), 'px', math.ceil(us / 1000)) end
end
local function punished()
  if limit == 0 then return 0 end
  if state[last + 3] > now + lasts then state[last + 3] = now + lasts end
  return math.max(0, state[last + 3] - now)
end
local function strike()
  if limit == 0 then return end
  local since = state[last + 2]
  if now - since >= within or now < since then
    state[last + 1] = 0
    state[last + 2] = now
  end
  state[last + 1] = state[last + 1] + 1
  if state[last + 1] >= limit then
    state[last + 1] = 0
    state[last + 3] = now + lasts
  end
end
local penalty = punished()
local refused = penalty > 0
`

/** GCRA with several windows, or with a penalty. ARGV of a window: capacity, need, spent. */
export const GCRA_FULL = `${COMMON.replace('WIDTH', '3').replace('SIZE', '1')}
local us = 0
for i = 1, n do
  local capacity = arg(i, 0)
  local ahead = math.max(0, math.min(state[i] - now, capacity), arg(i, 2))
  if ahead + arg(i, 1) > capacity then refused = true end
  state[i] = now + ahead
end
if refused and penalty == 0 then
  strike()
  penalty = punished()
end
for i = 1, n do
  if not refused then state[i] = state[i] + arg(i, 1) end
  us = math.max(us, state[i] - now)
end
keep(us)
local answer = {now, refused and 0 or 1, penalty}
for i = 1, n do answer[3 + i] = 4 * (state[i] - now) end
return answer`

/** Sliding windows. ARGV of each: period, count, cost, spent. Counts that are given back are thousandths. */
export const SLIDING = `${COMMON.replace('WIDTH', '4').replace('SIZE', '3')}
local us = 0
for i = 1, n do
  local at = (i - 1) * 3
  local period, count, cost, spent = arg(i, 0), arg(i, 1), arg(i, 2), arg(i, 3)
  local number = math.floor(now / period)
  local behind = number - state[at + 1]
  if behind == 1 then
    state[at + 3] = state[at + 2]
    state[at + 2] = 0
  elseif behind ~= 0 then
    state[at + 3] = 0
    state[at + 2] = 0
  end
  state[at + 1] = number
  local used = state[at + 3] * (1 - (now / period - number)) + state[at + 2]
  if used < spent then
    state[at + 2] = state[at + 2] + spent - used
    used = spent
  end
  if used + cost > count then refused = true end
  us = math.max(us, 2 * period)
end
if refused and penalty == 0 then
  strike()
  penalty = punished()
end
local answer = {now, refused and 0 or 1, penalty}
for i = 1, n do
  local at = (i - 1) * 3
  if not refused then state[at + 2] = state[at + 2] + arg(i, 2) end
  answer[2 + 2 * i] = math.floor(1000 * state[at + 2] + 0.5)
  answer[3 + 2 * i] = math.floor(1000 * state[at + 3] + 0.5)
end
keep(us)
return answer`

/** Processes that were there within ARGV[2] ms, this one, ARGV[1], too. */
export const PROCESSES = `local time = redis.call('time')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
redis.call('zadd', KEYS[1], now, ARGV[1])
redis.call('zremrangebyscore', KEYS[1], '-inf', now - ARGV[2])
redis.call('pexpire', KEYS[1], ARGV[2])
return redis.call('zcard', KEYS[1])`
