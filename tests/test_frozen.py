"""What a frozen program puts right at its start."""

import subprocess
import sys

from p2p_desktop.frozen import forget_qt, free_environment


def test_programs_that_are_started_find_their_own_libraries():
    environment = {"LD_LIBRARY_PATH": "/opt/p2p-desktop/_internal", "LD_LIBRARY_PATH_ORIG": "/mine", "QT_PLUGIN_PATH": "/ours"}
    free_environment(environment)
    assert environment == {"LD_LIBRARY_PATH": "/mine", "QT_PLUGIN_PATH": "/ours"}  # our Qt has not started yet
    forget_qt(environment)
    assert environment == {"LD_LIBRARY_PATH": "/mine"}


def test_what_was_not_set_before_is_not_set():
    environment = {"LD_LIBRARY_PATH": "/opt/p2p-desktop/_internal", "PATH": "/usr/bin"}
    free_environment(environment)
    assert environment == {"PATH": "/usr/bin"}


def test_a_program_without_streams_can_say_something_and_be_asked():
    code = (
        "import sys\n"
        "sys.stdin = sys.stdout = sys.stderr = None\n"
        "from p2p_desktop.frozen import prepare\n"
        "prepare()\n"
        "sys.stdout.write('nobody hears it'); sys.stderr.write('nor this')\n"
        "sys.exit(7 if sys.stdin.read() == '' else 1)\n"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 7
