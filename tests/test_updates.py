"""What version 0.1.0 left on a computer, as it wrote it: each later version goes on with it. Nothing here is made by today's code.

Models of that version ship with the program, and a run of it is in tests/data/run; other tests read them.
"""

import hashlib
import json
import sqlite3

from p2p_desktop.convert.journal import Claim, Journal, Work
from p2p_desktop.owner import Owner
from p2p_desktop.settings import Settings

SETTINGS_0_1 = (
    '{"version": 1, "device": "cpu", "runtime": "torch", "memory_mb": 700, "threads": 1, "theme": "dark", "surround": "black", '
    '"output": "", "models_folder": "", "keep_metadata": false, "keep_awake": false}'
)
JOURNAL_0_1 = """
PRAGMA application_id = 1345474628;
PRAGMA user_version = 1;
CREATE TABLE outputs (target BLOB PRIMARY KEY, wished BLOB NOT NULL, source BLOB NOT NULL, source_size INTEGER NOT NULL,
    source_mtime_ns INTEGER NOT NULL, model TEXT NOT NULL, settings TEXT NOT NULL, digest TEXT, size INTEGER NOT NULL,
    mtime_ns INTEGER NOT NULL);
CREATE INDEX outputs_by_wish ON outputs (wished);
CREATE TABLE claims (target BLOB PRIMARY KEY, wished BLOB NOT NULL, source BLOB NOT NULL, source_size INTEGER NOT NULL,
    source_mtime_ns INTEGER NOT NULL, model TEXT NOT NULL, settings TEXT NOT NULL, digest TEXT, owner TEXT NOT NULL,
    noted REAL NOT NULL);
"""


def test_settings_are_kept(tmp_path):
    file = tmp_path / "settings.json"
    file.write_text(SETTINGS_0_1, encoding="utf-8")
    settings, problem = Settings.read_and_tell(file)
    assert problem == ""
    wanted = json.loads(SETTINGS_0_1)
    assert {key: getattr(settings, key) for key in wanted if key != "version"} == {
        k: v for k, v in wanted.items() if k != "version"
    }


def test_what_was_converted_is_not_converted_again(tmp_path):
    target, source = tmp_path / "out.png", tmp_path / "in.jpg"
    target.write_bytes(b"a result")
    database = sqlite3.connect(tmp_path / "journal.sqlite3")
    database.executescript(JOURNAL_0_1)
    digest = hashlib.blake2b(b"a result", digest_size=16).hexdigest()
    row = (bytes(target), bytes(target), bytes(source), 10, 20, "model", "settings", digest, 8, target.stat().st_mtime_ns)
    database.execute("INSERT INTO outputs VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", row)
    database.commit()
    database.close()
    work = Work(source=source, size=10, mtime_ns=20, model="model", settings="settings", wished=target)
    with Journal(tmp_path / "journal.sqlite3", Owner.new()) as journal:
        assert journal.claim(work, [target], redo=False) == Claim("made", target)
