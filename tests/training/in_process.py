"""Whole runs in the process of the test, and what they tell."""

from training.contract.networks import load_generator
from training.contract.progress import Token
from training.contract.protocol import MODELS, write_order
from training.loop import train


def trained(run, config, token=None, orders=None):
    """Train; give the events. `orders`: step -> names ordered during it."""
    run.mkdir(exist_ok=True)
    told = []

    def report(event):
        told.append(event)
        if event.type == "step":
            for name in (orders or {}).get(event.step, ()):
                write_order(run, name)

    train(config, run, report, token or Token())
    return told


def of_type(told, name):
    return [event for event in told if event.type == name]


def latest(run):
    return load_generator(run / MODELS / "latest.safetensors")[1].state_dict()
