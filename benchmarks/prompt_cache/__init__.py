"""What the planner of the providers' prompt caches saves, on simulated traffic.

Strict doubles of the caches on a simulated clock, the edge's own planner and script. The seeds
were not used for tuning. `PROMPT_CACHE_SEEDS` (5) and `PROMPT_CACHE_APPLICATIONS` (20) make it
shorter or longer.
"""

import os
import statistics

from benchmarks.prompt_cache.applications import application
from benchmarks.prompt_cache.replay import FIXED, PROVIDERS, TERMS, Cost, replay
from benchmarks.prompt_cache.timing import report
from benchmarks.prompt_cache.traffic import ONE_SHOTS, SHAPES, agents_mostly

_FIRST_SEED, _FIRST_APPLICATION = 101, 7000
_FEW = 40
_ALLOWED_TOKENS, _ALLOWED_SHARE = 2000, 0.002


def main() -> None:
    """Print the tables, and for each bar whether it is held."""
    seeds = range(_FIRST_SEED, _FIRST_SEED + int(os.environ.get("PROMPT_CACHE_SEEDS", "5")))
    count = int(os.environ.get("PROMPT_CACHE_APPLICATIONS", "20"))
    report(TERMS["anthropic"])
    for provider in PROVIDERS:
        policies = (*FIXED[provider], "ours")
        print(f"\n{provider}: input cost, none = 1.000, mean of {len(seeds)} seeds")
        head = "".join(policy.rjust(9) for policy in policies)
        print(f"{'shape':26}{head}  to best")
        losses = _shapes(provider, seeds)
        losses += _applications(provider, count, None)
        losses += _applications(provider, count, _FEW)
        worst = max(losses)
        print(
            f"worst loss of a project beyond {_ALLOWED_SHARE:.1%} of its input: {worst:,.0f} "
            f"tokens (bar {_ALLOWED_TOKENS:,}{_held(worst <= _ALLOWED_TOKENS)})",
            flush=True,
        )


def _held(holds: bool) -> str:  # noqa: FBT001 (read aloud)
    return ": held" if holds else ": NOT held"


def _lost(cost: Cost) -> float:
    """Tokens beyond the share of the input that may be lost."""
    return cost.paid - cost.input * (1 + _ALLOWED_SHARE)


def _shapes(provider: str, seeds: range) -> list[float]:
    fixed = FIXED[provider]
    means: list[dict[str, float]] = []
    losses: list[float] = []
    over_mean, over_run, over_none = [], [], []
    for shape, make in SHAPES.items():
        runs: dict[str, list[float]] = {policy: [] for policy in (*fixed, "ours")}
        for seed in seeds:
            requests = make(seed)
            for policy, found in runs.items():
                cost = replay(requests, provider, policy)
                found.append(cost.relative)
                if policy == "ours":
                    losses.append(_lost(cost))
        mean = {policy: statistics.fmean(found) for policy, found in runs.items()}
        means.append(mean)
        best = min(mean[policy] for policy in fixed)
        over_mean.append(mean["ours"] / best - 1)
        each_best = [min(runs[policy][at] for policy in fixed) for at in range(len(seeds))]
        over_run += [own / other - 1 for own, other in zip(runs["ours"], each_best, strict=True)]
        if shape in ONE_SHOTS:
            over_none.append(mean["ours"] - 1)
        row = "".join(f"{value:9.3f}" for value in mean.values())
        print(f"{shape:26}{row}{over_mean[-1]:+9.1%}", flush=True)
    whole = {policy: statistics.fmean(mean[policy] for mean in means) for policy in means[0]}
    print(f"{'mean':26}" + "".join(f"{value:9.3f}" for value in whole.values()))
    gain = 1 - whole["ours"] / whole["pair"]
    print(f"cheaper than the pair, all shapes: {gain:.1%} (bar 20 %{_held(gain >= 0.2)})")
    _agents(provider, seeds)
    worst, run, none = max(over_mean), max(over_run), max(over_none)
    print(f"worst shape to the best other: {worst:+.1%} (bar +2 %{_held(worst <= 0.02)})")
    print(f"worst single run: {run:+.1%} (bar +10 %{_held(run <= 0.1)})")
    print(f"one-shots to none: {none:+.2%} (bar +0.5 %{_held(none <= 0.005)})", flush=True)
    return losses


def _agents(provider: str, seeds: range) -> None:
    gains = []
    for seed in seeds:
        requests = agents_mostly(seed)
        pair, ours = (replay(requests, provider, policy).paid for policy in ("pair", "ours"))
        gains.append(1 - ours / pair)
    gain = statistics.fmean(gains)
    print(f"cheaper than the pair, agents mostly: {gain:.1%} (bar 12 %{_held(gain >= 0.12)})")


def _applications(provider: str, count: int, size: int | None) -> list[float]:
    losses, over = [], []
    for seed in range(_FIRST_APPLICATION, _FIRST_APPLICATION + count):
        requests = application(seed, size)
        best = min(replay(requests, provider, policy).paid for policy in FIXED[provider])
        ours = replay(requests, provider, "ours")
        over.append(ours.paid / best - 1)
        losses.append(_lost(ours))
    share = sum(each <= 0.02 for each in over) / count
    name = "150 to 2,000 requests" if size is None else f"{size} requests"
    bar = f" (bar 90 %{_held(share >= 0.9)})" if size is None else ""
    print(
        f"{count} random applications of {name}: {share:.0%} within +2 % of the best fixed policy"
        f"{bar}, worst {max(over):+.1%}",
        flush=True,
    )
    return losses


if __name__ == "__main__":
    main()
