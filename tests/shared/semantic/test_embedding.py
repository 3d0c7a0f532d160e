"""The embedding gives the same bits on every host: golden vectors."""
# ruff: noqa: E501 -- golden vectors

import hashlib
import subprocess
import sys
from pathlib import Path

import pytest

from shared.decision import encode
from shared.embedding import MAX_TOKENS, encoder, filed, probed
from shared.embedding.table import load, parse
from shared.embedding.tokenizer import WordPiece, fold

SOURCE = Path(__file__).parents[3] / "shared" / "src"
GOLDEN = {
    "How do I learn to swim?": "6b6e014a57375403c034e46950185ca973ecaeeb746c57344b290fa6cea05d9f",
    "What's the capital of France?": "ac49db8f793720bc1f59084536ac7fd13545c087cc9b0056e3ec465fe32430cb",
    "Is C++ faster than Java 17?": "e3e92dcf1638ac3cfe30629d9d21669615e349659766c4f80309dc434ae69a1a",
    "naïve café – résumé": "b2e6f8adcfc0a53e4a431f084d0fbd2a329ea0670ec3d5a23648874c9a2df1c1",
    "tokenization tokenization tokenization tokenization tokenization tokenization tokenization tokenization tokenization tokenization tokenization tokenization": "f9dc2329bfc6c47caf4d883d1e5c56b87811939a8ff75ca7c0998e4b7c759b20",
}


def test_golden_codes() -> None:
    assert {text: f"{encode(text).code:064x}" for text in GOLDEN} == GOLDEN


def test_wordpiece_splits_greedily_and_folds() -> None:
    tokenize = WordPiece({"[UNK]": 0, "play": 1, "##ing": 2, "cafe": 3, "?": 4})
    assert tokenize("Playing café?") == [1, 2, 3, 4]
    assert tokenize("zzz") == [0]
    assert fold("ÀÉ") == "ae"


def test_code_is_the_sign_of_the_lane_sums() -> None:
    embedding = encoder()
    tokens = embedding.tokenize("how do i learn to swim")
    total = embedding.total(tokens)
    lanes = memoryview(total.to_bytes(512, "little")).cast("H")
    bits = "".join("1" if lane >= 128 * len(tokens) else "0" for lane in lanes)
    assert embedding.code(tokens) == int(bits, 2)
    assert embedding.margins(total, len(tokens)) == [abs(v - 128 * len(tokens)) for v in lanes]


@pytest.mark.parametrize("count", [0, MAX_TOKENS + 1])
def test_lengths_outside_of_the_lanes_are_refused(count: int) -> None:
    with pytest.raises(ValueError, match="1 to 64"):
        encoder().total([1] * count)


def test_bands_meet_where_codes_agree() -> None:
    query = encode("How do I learn to swim?")
    keys = query.bands()
    assert len(keys) == len(set(keys)) == 48
    assert {(band, value) for band, value in enumerate(filed(query.code))} <= set(keys)
    # A code that differs in the lane nearest to its flip is found through a margin probe.
    margins = [1000] * 256
    margins[5] = 1
    other = query.code ^ (1 << (255 - 5))
    assert (0, filed(other)[0]) in probed(query.code, margins)


def test_table_is_what_the_model_card_describes() -> None:
    file = SOURCE / "shared" / "embedding" / "table.bin"
    card = (SOURCE.parents[1] / "docs" / "semantic-model-card.md").read_text(encoding="utf-8")
    assert hashlib.sha256(file.read_bytes()).hexdigest() in card
    model = SOURCE / "shared" / "decision" / "pair_model.json"
    assert hashlib.sha256(model.read_bytes()).hexdigest() in card
    assert file.stat().st_size + model.stat().st_size <= 3_500_000
    assert load().lanes == 256


def test_broken_table_is_refused() -> None:
    with pytest.raises(ValueError, match="WLST1"):
        parse(b"something else")
    blob = (SOURCE / "shared" / "embedding" / "table.bin").read_bytes()
    with pytest.raises(ValueError, match="truncated"):
        parse(blob[:-1])


def test_importing_and_refusing_read_no_file() -> None:
    """Projects without semantic hits never load the table."""
    program = (
        "import sys\n"
        "opened = []\n"
        "import shared.decision as d\n"
        "sys.addaudithook(lambda e, a: opened.append(str(a[0])) if e == 'open' else None)\n"
        "assert d.eligible('What is the weather today?').reason == 'volatile'\n"
        "assert not [f for f in opened if f.endswith(('.bin', '.json'))], opened\n"
        "d.encode('How do I learn to swim?')\n"
        "assert [f for f in opened if f.endswith('table.bin')]\n"
    )
    subprocess.run([sys.executable, "-c", program], check=True, env={"PYTHONPATH": str(SOURCE)})
