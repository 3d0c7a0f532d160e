"""`python -m clients [--agents] [name …]`: exit code 1 when a client has a problem."""

import argparse
import asyncio
import sys
import tempfile
from pathlib import Path

from clients import agents, sdks
from clients.problems import Failed
from clients.programs import Installed
from clients.report import Result, complaints
from clients.stack import Stack


async def main(names: list[str], *, only_agents: bool) -> int:
    """0 when every client that has one of ``names`` in its own (none: every client) is clean."""

    def wanted(name: str) -> bool:
        return not names or any(part.lower() in name.lower() for part in names)

    results: list[Result] = []
    clients = [agent for agent in agents.every() if wanted(agent.name)]
    libraries = [] if only_agents else [sdk for sdk in sdks.every() if wanted(sdk.name)]
    with tempfile.TemporaryDirectory(prefix="watchllm-clients-") as temporary:
        folder = Path(temporary)
        installed = Installed(folder / "installed")
        (folder / "installed").mkdir()
        async with Stack(folder) as stack:
            if not stack.refuses_web_sockets():
                results.append(
                    Result("WebSocket", {}, "", ["an upgrade of /v1/responses is not answered 426"])
                )
            await stack.new_requests()
            for number, client in enumerate([*libraries, *clients]):
                own = folder / f"client-{number}"
                try:
                    if isinstance(client, sdks.Sdk):
                        result = await sdks.tried(client, stack, installed, own)
                    else:
                        result = await agents.tried(client, stack, installed, own)
                except Failed as failure:
                    result = Result(client.name, client.packages, "", [str(failure)])
                results.append(result)
                print(result.line(), flush=True)
    problems = complaints(results)
    for problem in problems:
        print(problem, file=sys.stderr)
    print(f"{len(results)} clients, {len(problems)} problems")
    return 1 if problems else 0


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m clients", description="Try real clients.")
    parser.add_argument("--agents", action="store_true", help="coding agents alone")
    parser.add_argument("names", nargs="*", help="parts of the names of clients; default: all")
    given = parser.parse_args()
    try:
        sys.exit(asyncio.run(main(given.names, only_agents=given.agents)))
    except Failed as failure:
        sys.exit(str(failure))
