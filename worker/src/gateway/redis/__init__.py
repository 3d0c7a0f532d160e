"""The Redis client and the Lua scripts that run in it."""
