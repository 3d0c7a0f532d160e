"""`python -m lua_calls`: a typed Python function for each Lua script of edge and dashboard.

Reads the header of every script in `worker/src/gateway/redis/lua`, `dashboard/apps/projects/lua`
and `shared/src/shared/lua`, which both sides run. Writes `worker/src/gateway/redis/calls.py` and
`dashboard/apps/projects/redis_calls.py`. A header looks like this:

    -- include: a, b          (files of local functions)
    -- What the script does.
    --
    -- KEYS
    --   name: what lies there
    --   names...             (the rest of the keys)
    -- ARGV
    --   name: type = meaning (str, int or bool)
    --   names...: (a: type, b: type)
    -- RETURNS type = meaning
    --     (a meaning may go on like this)
    -- RETURNS              (or several fields, which make a NamedTuple)
    --   name: type = meaning

The script's `local a, b = unpack(KEYS, 1, 2)` and the same for ARGV must list the same names in the
same order; `parse` raises `HeaderError` where they do not.
"""
