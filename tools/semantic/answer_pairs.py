"""How well answers are told apart: false "different", and power against the nearest other question.

Usage: python answer_pairs.py ONE.json OTHER.json

Each file is one model's list of {"instruction", "output"} (AlpacaEval's model_outputs.json). Only
eligible prompts that both files have are compared. Prints rates; no text leaves this script.
"""

import json
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "shared" / "src"))
from shared.decision import eligible, encode
from shared.decision.answers import same_answer


def answers(path: str) -> dict[str, str]:
    """Prompt to output."""
    rows = json.loads(Path(path).read_text(encoding="utf-8"))
    return {row["instruction"]: row["output"] for row in rows}


def main() -> None:
    one, other = answers(sys.argv[1]), answers(sys.argv[2])
    asked = [text for text in one if text in other and eligible(text).eligible]
    codes = {text: encode(text).code for text in asked}
    different = found = 0
    for text in asked:
        nearest = min(
            (near for near in asked if near != text),
            key=lambda near: (codes[text] ^ codes[near]).bit_count(),
        )
        different += not same_answer(one[text], other[text])
        found += not same_answer(one[text], other[nearest])
    count = len(asked)
    print(f"{count} prompts: false different {different / count:.1%}, power {found / count:.1%}")


if __name__ == "__main__":
    main()
