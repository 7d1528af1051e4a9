"""Makes resources/self_test: what every shipped model makes of a piece of an example, on torch, for `doctor --self-test`.

    python docs/make_self_test.py

Due whenever a model that ships is replaced, or the example is; tests/cli/test_self_test.py says so.
"""

import tempfile
from pathlib import Path

from p2p_desktop.cli.self_test.stored_pictures import EXAMPLE, MADE_FROM, example_for
from p2p_desktop.inference.translator import Translator
from training.contract.metadata import Metadata
from training.contract.model_file import file_digest
from training.contract.picture_writing import encode_picture
from training.contract.pictures import Picture

RESOURCES = Path(__file__).resolve().parents[1] / "resources"
TARGET = RESOURCES / "self_test"


def main() -> None:
    TARGET.mkdir(exist_ok=True)
    models = sorted((RESOURCES / "models").glob("*.safetensors"))
    sources = [RESOURCES / "examples" / EXAMPLE, *models]
    with tempfile.TemporaryDirectory() as cache:
        for model in models:
            with Translator.load(model, device="cpu", runtime="torch", cache=Path(cache)) as translator:
                pixels = translator(example_for(translator.card.frame))
            data = encode_picture(Picture(pixels, None, Metadata(), "png", ()), "png").data
            (TARGET / f"{model.stem}.png").write_bytes(data)
            print(f"{model.stem}: {len(data)} bytes")
    rows = [f"{path.name}\t{file_digest(path)}\n" for path in sources]
    (TARGET / MADE_FROM).write_text("".join(rows), encoding="utf-8")


if __name__ == "__main__":
    main()
