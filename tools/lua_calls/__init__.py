"""`python -m lua_calls`: a typed Python function for each Lua script of the gateway.

Reads the header of every `worker/src/gateway/redis/lua/*.lua` and of the scripts that `shared` has,
and writes `worker/src/gateway/redis/calls.py`. A header is what CONTRIBUTING.md describes:

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
