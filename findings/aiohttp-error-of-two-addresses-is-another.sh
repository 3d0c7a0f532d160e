#!/usr/bin/env bash
# Package: PyPI aiohttp 3.14.5
# Behaviour: what a connector's socket_factory raises comes out as ClientConnectorError.os_error where the host has one address.
#   With one of each family, and two errors whose texts differ, it is a new OSError: the class and its attributes are gone.
# Seen: one address: Refused; two, same text: Refused; two, texts differ: OSError
# Wrong guess: the class of an error that one's own function raised can be asked for, however many addresses a name has.
# Hurts: clients that tell "we refused this address" from "nobody answers" by the class: with IPv6 beside IPv4 they take the other branch.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check aiohttp==3.14.5
cat >check.py <<'PY'
import asyncio
import socket

import aiohttp
from aiohttp.abc import AbstractResolver


class Refused(OSError):
    pass


class Names(AbstractResolver):
    def __init__(self, *hosts):
        self.hosts = hosts

    async def resolve(self, host, port=0, family=socket.AF_INET):
        return [
            {"hostname": host, "host": each, "port": port, "family": family, "proto": 0, "flags": 0}
            for each, family in self.hosts
        ]

    async def close(self):
        pass


async def seen(hosts, text):
    def factory(target):
        raise Refused(text.format(target[4][0]))

    connector = aiohttp.TCPConnector(resolver=Names(*hosts), socket_factory=factory)
    async with aiohttp.ClientSession(connector=connector) as session:
        try:
            await session.get("http://host.example/")
        except aiohttp.ClientConnectorError as error:
            return type(error.os_error).__name__


V4, V6 = ("192.0.2.1", socket.AF_INET), ("2001:db8::1", socket.AF_INET6)


async def main():
    one = await seen([V4], "{} is refused")
    same = await seen([V6, V4], "refused")
    differ = await seen([V6, V4], "{} is refused")
    print(f"one address: {one}; two, same text: {same}; two, texts differ: {differ}")


asyncio.run(main())
PY
said=$(venv/bin/python check.py)
echo "$said"
[ "$said" = "one address: Refused; two, same text: Refused; two, texts differ: OSError" ]
