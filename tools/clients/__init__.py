"""Real clients through the edge: does each work, and is a hit to it what the miss was?

    make clients            # the SDKs and frameworks, and the agents
    make clients ARGS="litellm qwen"
    make agents             # the agents alone

Outside CI: it installs pinned packages from PyPI and npm into a temporary folder, each client
apart, starts the bare stack once with a local provider behind it, and prints a table.

- `sdks.json`, `agents.json`: the clients with their pinned packages
- `drivers/`: one small program a client, in its own language, that asks as its users do
- `sdks`, `agents`: what is tried with each of them
- `stack`, `programs`: the stack with its provider; installing and running
"""
