/**
 * The scripts of the shared versions. All keys begin with KEYS[1], which holds a hash tag: on a cluster they
 * lie on one server.
 *
 *     run             run id of the server that these keys were last used on
 *     rest            until when nothing is trusted, since that has changed
 *     v:TAG           version
 *     d:TAG           how many marks are on it
 *     m:INSTANCE      its marks: SYSTEM|N to a list of tags
 *     l:SYSTEM        instances that have written there, by the end of their leases
 *     l:?             instances whose writes are not marked one by one, wherever
 *     s:SYSTEM        until when a look at the sessions of this cluster counts
 *     p:SYSTEM        what that look saw: when it began, and the sessions of each instance
 */
const COMMON = `local base = KEYS[1]
local fresh, ttl, rest = ARGV[1], ARGV[2], ARGV[3]
local t = redis.call('time')
local now = tonumber(t[1]) * 1000 + math.floor(tonumber(t[2]) / 1000)
local function text(n) return string.format('%.0f', n) end
local function bump(name) redis.call('set', base .. 'v:' .. name, fresh, 'PX', ttl) end
local function mark(marks, token, json)
  if redis.call('hsetnx', marks, token, json) == 0 then return end
  for _, name in ipairs(cjson.decode(json)) do redis.call('incr', base .. 'd:' .. name) end
end
-- Who is not known yet counts as lapsed until it says more. Where nobody knows where it writes, it is forgotten by
-- the time that has passed: from now on, should it never say more.
local function writes_to(system, instance)
  redis.call('zadd', base .. 'l:' .. system, 'NX', system == '?' and text(now) or 0, instance)
end
local function clear(marks, token)
  local json = redis.call('hget', marks, token)
  if not json then return false end
  for _, name in ipairs(cjson.decode(json)) do
    bump(name)
    if redis.call('decr', base .. 'd:' .. name) <= 0 then redis.call('del', base .. 'd:' .. name) end
  end
  redis.call('hdel', marks, token)
  return true
end
local function watched(system) return redis.call('get', base .. 's:' .. system) or '0' end
`

/** ARGV: number of systems, systems, names. Gives: now, obstacle, watched of each system, versions. */
export const READ = `${COMMON}
local role = string.match(redis.call('info', 'replication'), 'role:(%w+)')
if role ~= 'master' then return {text(now), 'replica'} end
local run = string.match(redis.call('info', 'server'), 'run_id:(%w+)')
if redis.call('get', base .. 'run') ~= run then
  redis.call('set', base .. 'run', run)
  redis.call('set', base .. 'rest', text(now + tonumber(rest)))
  bump('*')
end
local obstacle = ''
if now < tonumber(redis.call('get', base .. 'rest') or '0') then obstacle = 'restarted' end
local answer = {text(now), ''}
local last = 4 + tonumber(ARGV[4])
for i = 5, last do
  local system = ARGV[i]
  local until_ = watched(system)
  if tonumber(until_) < now then obstacle = 'unwatched' end
  if #redis.call('zrangebyscore', base .. 'l:' .. system, '-inf', '(' .. text(now), 'limit', 0, 1) > 0 then
    obstacle = 'lapsed'
  end
  answer[#answer + 1] = until_
end
local keys = {}
for i = last + 1, #ARGV do
  keys[#keys + 1] = base .. 'd:' .. ARGV[i]
  keys[#keys + 1] = base .. 'v:' .. ARGV[i]
end
local values = redis.call('mget', unpack(keys))
for i = 1, #keys, 2 do
  local version = values[i + 1]
  if values[i] then version = ''
  elseif not version then
    version = fresh
    redis.call('set', keys[i + 1], fresh, 'PX', ttl)
  end
  answer[#answer + 1] = version
end
answer[2] = obstacle
return answer`

/** ARGV: instance, system, token, names as JSON. */
export const MARK = `${COMMON}
mark(base .. 'm:' .. ARGV[4], ARGV[6], ARGV[7])
writes_to(ARGV[5], ARGV[4])`

/** ARGV: instance, token, names as JSON. */
export const SETTLE = `${COMMON}
if not clear(base .. 'm:' .. ARGV[4], ARGV[5]) then
  for _, name in ipairs(cjson.decode(ARGV[6])) do bump(name) end
end`

/** ARGV: names. */
export const RENEW = `${COMMON}
for i = 4, #ARGV do bump(ARGV[i]) end`

/**
 * ARGV: instance, end of its lease, its last number, number of systems, systems, number of open writes, token
 * and names of each, names that it owes. Gives: now, and of each system: watched, when it was looked at last, and
 * which sessions of this instance were seen.
 */
export const KEEP = `${COMMON}
local marks, lease, last = base .. 'm:' .. ARGV[4], ARGV[5], tonumber(ARGV[6])
local systems = tonumber(ARGV[7])
local at = 8 + systems
local writes = tonumber(ARGV[at])
local open = {}
for i = 1, writes do open[ARGV[at + i * 2 - 1]] = ARGV[at + i * 2] end
for i = at + writes * 2 + 1, #ARGV do bump(ARGV[i]) end
for _, token in ipairs(redis.call('hkeys', marks)) do
  local n = tonumber(string.match(token, '|(%d+)$'))
  if not open[token] and n <= last then clear(marks, token) end
end
for token, json in pairs(open) do
  mark(marks, token, json)
  -- Its first lease may be none yet.
  writes_to(string.match(token, '^(.*)|%d+$'), ARGV[4])
end
-- Who wrote nobody knows where, and has not been here for long after its lease.
for _, instance in ipairs(redis.call('zrangebyscore', base .. 'l:?', '-inf', '(' .. text(now - 30000))) do
  if instance ~= ARGV[4] then
    local gone = base .. 'm:' .. instance
    for _, token in ipairs(redis.call('hkeys', gone)) do
      if string.match(token, '^%?|') then clear(gone, token) end
    end
    redis.call('zrem', base .. 'l:?', instance)
  end
end
local answer = {text(now)}
for i = 8, 7 + systems do
  local leases = base .. 'l:' .. ARGV[i]
  local before = tonumber(redis.call('zscore', leases, ARGV[4]) or '0')
  if before < tonumber(lease) then redis.call('zadd', leases, lease, ARGV[4]) end
  answer[#answer + 1] = watched(ARGV[i])
  answer[#answer + 1] = redis.call('hget', base .. 'p:' .. ARGV[i], 'began') or '0'
  answer[#answer + 1] = redis.call('hget', base .. 'p:' .. ARGV[i], ARGV[4]) or ''
end
return answer`

/** ARGV: system, when the look began, until when it counts, instances that were seen and their sessions. */
export const SIGHTED = `${COMMON}
local system, started, counts = ARGV[4], tonumber(ARGV[5]), tonumber(ARGV[6])
if counts <= tonumber(watched(system)) then return end
local leases = base .. 'l:' .. system
local seen = {}
redis.call('del', base .. 'p:' .. system)
redis.call('hset', base .. 'p:' .. system, 'began', ARGV[5])
for i = 7, #ARGV, 2 do
  seen[ARGV[i]] = true
  redis.call('zadd', leases, 'NX', 0, ARGV[i])
  redis.call('hset', base .. 'p:' .. system, ARGV[i], ARGV[i + 1])
end
for _, instance in ipairs(redis.call('zrangebyscore', leases, '-inf', '(' .. text(math.min(started, now)))) do
  if not seen[instance] then
    local marks = base .. 'm:' .. instance
    for _, token in ipairs(redis.call('hkeys', marks)) do
      local of = string.match(token, '^(.*)|%d+$')
      if of == system or of == '?' then clear(marks, token) end
    end
    bump('*')
    redis.call('zrem', leases, instance)
  end
end
redis.call('set', base .. 's:' .. system, text(counts))`
