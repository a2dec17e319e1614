"""The functions that a Redis server runs for the store.

They put and swap tiles, and say how far the store is filled.
"""

from __future__ import annotations

import hashlib

from ...tiles.header import FLAGS_AT, SEQUENCE, VERSION_BYTES

_LAST = 8 * SEQUENCE + 7
_BETWEEN = "x" * (8 * SEQUENCE - FLAGS_AT - 1)

# `put` compares what header.precedence compares: the sequence (as two halves that Lua's numbers
# hold exactly), then the flags. Numbers are compared, since texts would be compared by the server's
# locale. Each command of a function takes the server longer than the few hundred bytes of a record,
# so one reads all that is stored, one adds what is not, and one sets what is newer. Only tiles with
# a time to live are set one by one. Numbers would become texts on their way to the server, so that
# time stays the text that it comes as.
#
# A tile that is put again, unchanged or older, lives as long as if it had been put now.
#
# `swap` compares what header.version_of reads, after a `=` that tells an empty record from none.
#
# `advance` changes the document of how far a table is filled, if it and the server are those that
# were seen. `seen` reads them in the round trip of the tiles, so it asks the server for no more
# than it must: a run lasts as long as the library does in memory, and the role of the run that the
# document is of does not matter. To count evicted keys takes the server longer than to read a
# cover, so for readers, which say what time it is, it does so ten times a second at most.
_LIBRARY = f"""
local function newer(record, stored)
  if #record <= {_LAST} then return false end
  if #stored <= {_LAST} then return true end
  local flags, low, high = struct.unpack('<B{_BETWEEN}I4I4', record, {FLAGS_AT + 1})
  local old_flags, old_low, old_high = struct.unpack('<B{_BETWEEN}I4I4', stored, {FLAGS_AT + 1})
  if high ~= old_high then return high > old_high end
  if low ~= old_low then return low > old_low end
  return flags > old_flags
end

local function set(key, record, ttl)
  if ttl ~= '' then return redis.call('SET', key, record, 'PX', ttl) end
  return redis.call('SET', key, record)
end

local function set_all(pairs, ttl, is_new)
  if #pairs == 0 then return true end
  if ttl == '' then return redis.call(is_new and 'MSETNX' or 'MSET', unpack(pairs)) ~= 0 end
  local condition = is_new and 'NX' or 'XX'
  for i = 1, #pairs, 2 do
    if not redis.call('SET', pairs[i], pairs[i + 1], condition, 'PX', ttl) then return false end
  end
  return true
end

local function put(keys, args)
  local ttl, stored, added, changed = args[1], redis.call('MGET', unpack(keys)), {{}}, {{}}
  for i, key in ipairs(keys) do
    local record, pairs = args[i + 1], nil
    if not stored[i] then
      pairs = added
    elseif newer(record, stored[i]) then
      pairs = changed
    elseif ttl ~= '' then
      redis.call('PEXPIRE', key, ttl, 'GT')
    else
      redis.call('PERSIST', key)
    end
    if pairs then
      pairs[#pairs + 1] = key
      pairs[#pairs + 1] = record
    end
  end
  if set_all(added, ttl, true) and set_all(changed, ttl, false) then
    return redis.status_reply('OK')
  end
  return redis.error_reply('WRONGTYPE a key of a tile holds another kind of value')
end

local function swap(keys, args)
  local ttl, swapped = args[1], {{}}
  for i, key in ipairs(keys) do
    local stored = ''
    if redis.call('EXISTS', key) == 1 then
      stored = '=' .. redis.call('GETRANGE', key, 0, {VERSION_BYTES - 1})
    end
    swapped[i] = stored == args[2 * i] and 1 or 0
    if swapped[i] == 1 then set(key, args[2 * i + 1], ttl) end
  end
  return swapped
end

local function first(keys, args)
  for i, key in ipairs(keys) do
    local stored = tonumber(redis.call('GET', key) or '')
    if not stored or tonumber(args[i]) < stored then redis.call('SET', key, args[i]) end
  end
  return redis.status_reply('OK')
end

local counted, counted_ms
local function count_evicted()
  local stats = redis.call('INFO', 'stats')
  local _, at = stats:find('evicted_keys:', 1, true)
  counted = stats:match('^%d+', at + 1)
  return counted
end

local function evicted_lately(now_ms)
  if not now_ms then return count_evicted() end
  if not counted_ms or now_ms - counted_ms > 100 or now_ms < counted_ms then
    counted_ms = now_ms
    count_evicted()
  end
  return counted
end

local run
local function server(stored, evicted)
  if not run then run = redis.call('INFO', 'server'):match('run_id:(%x+)') end
  local role = 'master'
  if not stored or not stored:find(run, 1, true) then
    role = redis.call('INFO', 'replication'):match('role:(%a+)')
  end
  return run, evicted, role
end

local function seen(keys, args)
  local stored = redis.call('GET', keys[1])
  return {{stored, server(stored, evicted_lately(tonumber(args[1])))}}
end

local function advance(keys, args)
  local stored = redis.call('GET', keys[1])
  local present, evicted = server(stored, count_evicted())
  if (stored or '') ~= args[1] or present ~= args[2] or evicted ~= args[3] then return 0 end
  redis.call('SET', keys[1], args[4])
  return 1
end
"""
# Named by their content: versions of Tilewright that differ in them work on one server side by
# side.
VERSION = hashlib.sha256(_LIBRARY.encode()).hexdigest()[:12]
PUT, PUT_FIRST = f"tilewright_put_{VERSION}", f"tilewright_first_{VERSION}"
SWAP = f"tilewright_swap_{VERSION}"
SEEN, ADVANCE = f"tilewright_seen_{VERSION}", f"tilewright_advance_{VERSION}"
CODE = f"""#!lua name=tilewright_{VERSION}
{_LIBRARY}
redis.register_function('{PUT}', put)
redis.register_function('{PUT_FIRST}', first)
redis.register_function('{SWAP}', swap)
redis.register_function{{function_name='{SEEN}', callback=seen, flags={{'no-writes'}}}}
redis.register_function('{ADVANCE}', advance)
"""
