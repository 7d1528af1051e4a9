"""What an exported file says of itself, so that someone else can use it without this program: words and numbers as texts."""

import json
import re

from training.contract.encodings import DepthScale, EncodingName, encoding_named
from training.contract.framing import MIN_SIDE
from training.contract.model_file import ModelCard
from training.contract.spec import Statistics
from training.contract.version import __version__

VERSION = "1"
"""Of these entries: grows when one of them changes its meaning."""

INPUT_NAME, OUTPUT_NAME = "input", "output"


def describe(card: ModelCard, statistics: Statistics, digest: str) -> dict[str, str]:
    """The entries of a model's exported file by their names, none of them empty. `digest`: SHA-256 of the model file."""
    entries = {
        "version": VERSION,
        "name": card.name,
        "task": card.task,
        "direction": card.direction,
        "input": layout(card.encoding_in, card.depth),
        "output": layout(card.encoding_out, card.depth),
        "encoding_in": card.encoding_in,
        "encoding_out": card.encoding_out,
        "multiple": str(card.generator.multiple),
        "smallest_side": str(smallest_side(card)),
        "size_rule": card.size_rule.mode,
        "trained_size": str(card.size_rule.size),
        "statistics": statistics if card.generator.has_statistics else "none",
        "keeps_grey": json.dumps(card.keeps_grey),
        "labels": card.labels,
        "palette": json.dumps(card.palette) if card.palette else "",
        "licence": str(card.provenance.get("licence") or ""),
        "provenance": json.dumps(card.provenance, ensure_ascii=False) if card.provenance else "",
        "model_sha256": digest,
        "program": f"P2P Desktop {__version__}",
    }
    if encoding_named(card.encoding_in).is_depth or encoding_named(card.encoding_out).is_depth:
        entries |= {"depth_unit_m": repr(card.depth.unit_m), "depth_range_m": repr(card.depth.range_m)}
    return {key: _text(value) for key, value in entries.items() if value}


def smallest_side(card: ModelCard) -> int:
    """Pixels of the smallest height or width that is promised to work: what this program pads smaller pictures to."""
    multiple = card.generator.multiple
    return -(-MIN_SIDE // multiple) * multiple


def layout(encoding: EncodingName, depth: DepthScale) -> str:
    """How the numbers of an encoding lie in a tensor and what they mean, as a sentence."""
    unit = "each value / full value * 2 - 1 (full value 255, or 65535 where a channel has 16 bits)"
    nearness = "nearness of a measurement, 2 * exp(-pixels to it / 8) - 1"
    filled = f"depth with its holes filled by the nearest measurement, min(1, metres * 2 / {depth.range_m:g} - 1)"
    match encoding:
        case "rgb8" | "rgb16":
            planes = f"red, green, blue of sRGB: {unit}"
        case "grey8" | "grey16":
            planes = f"grey (Rec. 601 luma of sRGB): {unit}"
        case "grey_alpha8" | "grey_alpha16":
            planes = f"grey (Rec. 601 luma of sRGB), alpha: {unit}"
        case "rgba8" | "rgba16":
            planes = f"red, green, blue of sRGB, alpha: {unit}"
        case "lab_l":
            planes = "CIE lightness (L*, D65) of sRGB: L* / 50 - 1"
        case "lab_ab":
            planes = "CIE a*, b* (D65) of sRGB: each / 110"
        case "depth16":
            planes = f"depth: metres * 2 / {depth.range_m:g} - 1; no measurement is -1"
        case "filled_depth16":
            planes = f"{nearness}; {filled}"
        case "surface_depth16":
            planes = f"{nearness}; {filled}; the same filled by push-pull"
        case "rgb_depth16":
            planes = f"red, green, blue of sRGB: {unit}; {filled}"
    return f"float32 [N, {encoding_named(encoding).channels}, H, W], -1 to 1. {planes}."


def _text(value: str) -> str:
    """What both formats can hold: JSON knows halves of surrogate pairs, and XML no control characters."""
    return re.sub(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]", "?", value)
