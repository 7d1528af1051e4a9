"""Losses and metrics for spreadsheets."""

import csv

from tests.training.runs import events, tiny_config, write_request
from training.contract.progress import Token
from training.loop import train
from training.run_files import EventLog
from training.tables import LOSSES, METRICS


def rows(path):
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def test_a_run_that_is_asked_to_writes_its_numbers_as_tables(run, photos):
    config = tiny_config(photos, steps=6, csv=True)
    write_request(run, config)
    log = EventLog(run, None)
    train(config, run, log, Token())
    log.close()
    losses, metrics = rows(run / LOSSES), rows(run / METRICS)
    told = events(run, "step")
    assert [int(row["step"]) for row in losses] == [1, 2, 3, 4, 5, 6]
    assert [float(row["g_l1"]) for row in losses] == [event["losses"]["g_l1"] for event in told]
    measured = events(run, "validation")
    assert [(int(row["step"]), float(row["psnr"]), float(row["psnr_of_doing_nothing"])) for row in metrics] == [
        (event["step"], event["metrics"]["psnr"], event["identity"]["psnr"]) for event in measured
    ]
    assert not list(run.glob("*.part"))


def test_nobody_gets_tables_without_asking(run, photos):
    config = tiny_config(photos, steps=2)
    write_request(run, config)
    log = EventLog(run, None)
    train(config, run, log, Token())
    log.close()
    assert not list(run.glob("*.csv"))
