"""Whether anything asked the network meanwhile."""

from p2p_desktop.cli.finding import Finding
from p2p_desktop.cli.self_test.bench import Bench, broken
from p2p_desktop.network_guard import read_watched


def judge_network(bench: Bench) -> Finding:
    """Whether anything asked the network since the bench was there."""
    try:
        watched = read_watched(bench.network)
    except OSError as error:
        return broken("network", "Whether the network was asked is not known", f"{error}.")
    if watched.attempts:
        said = f"It was refused {len(watched.attempts)} times, first: {watched.attempts[0]}."
        remedy = "Tell whoever made this program; nothing of it should."
        return Finding("test network", "failed", "Something asked the network", said, remedy)
    if len(watched.processes) < bench.num_well:
        said = f"{len(watched.processes)} of {bench.num_well} processes were watched."
        return broken("network", "Whether the network was asked is not known", said)
    return Finding("test network", "ok", "Nothing asked the network", f"{len(watched.processes)} processes were watched.")
