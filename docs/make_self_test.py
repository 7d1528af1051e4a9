"""Makes the pictures that the self-test compares with: what each shipped model makes of the example, by torch.

    python docs/make_self_test.py

To be run when a shipped model changes, after looking at what it makes.
"""

import tempfile
from pathlib import Path

from p2p_desktop.cli.self_test import STORED, translate_example
from p2p_desktop.cli.surroundings import Surroundings
from p2p_desktop.paths import resources
from training.contract.metadata import Metadata
from training.contract.picture_writing import encode_picture
from training.contract.pictures import Picture


def main() -> None:
    folder = Path(__file__).resolve().parents[1] / "resources" / STORED
    folder.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as cache:
        for model in Surroundings.find().library.models():
            if model.origin == "shipped":
                made = translate_example(model, "torch", Path(cache))
                (folder / f"{model.name}.png").write_bytes(encode_picture(Picture(made, None, Metadata(), "png", ()), "png").data)
    print(f"{len(list(folder.glob('*.png')))} pictures in {resources() / STORED}")


if __name__ == "__main__":
    main()
