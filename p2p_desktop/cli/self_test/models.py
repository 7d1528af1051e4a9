"""Whether shipped models give what they gave, and pictures of each kind can be read and written: each in a child."""

from collections.abc import Sequence

from p2p_desktop.child import own_command
from p2p_desktop.cli.finding import Finding
from p2p_desktop.cli.self_test.bench import Bench, broken, remedy_after
from p2p_desktop.cli.self_test.check import CHECK, RUNTIMES


def try_model(name: str, bench: Bench, command: Sequence[str] | None = None) -> Finding:
    """Whether every runtime makes of the example what was made of it before the model was shipped.

    `command` stands in for the check's, and is given the same words.
    """
    title = f"The model {name} does not work"
    ended = bench.run(f"model-{name}", _command(command, "model", name))
    complaint = ended.complaint
    differences = ended.lines_of("difference")
    if complaint:
        return broken(name, title, complaint, remedy_after(ended))
    if [line["runtime"] for line in differences] != list(RUNTIMES):
        return broken(name, title, f"It was tried on {len(differences)} of {len(RUNTIMES)} runtimes.")
    for line in differences:
        if not line["agrees"]:
            said = f"On {line['runtime']} its result differs by up to {line['worst']:.0f} grey levels from what it should be."
            return broken(name, f"The model {name} gives other results", said)
    worst = max(line["worst"] for line in differences)
    said = f"torch and OpenVINO give what they should, within {worst:.1f} grey levels."
    return Finding(f"test {name}", "ok", f"The model {name} works", said)


def try_formats(bench: Bench, command: Sequence[str] | None = None) -> Finding:
    """Whether each kind of picture file can be written and read. `command` stands in for the check's."""
    title = "Not every kind of picture file works"
    ended = bench.run("formats", _command(command, "formats"))
    complaint = ended.complaint
    kinds = [str(line["format"]) for line in ended.lines_of("format")]
    if complaint or not kinds:
        return broken("formats", title, complaint or "None was tried.", remedy_after(ended))
    return Finding("test formats", "ok", "Picture files of each kind work", f"{', '.join(kinds)}.")


def _command(instead: Sequence[str] | None, *words: str) -> list[str]:
    return [*instead, CHECK, *words] if instead else own_command(CHECK, *words)
