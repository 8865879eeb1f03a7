"""What this system allows."""

import subprocess
import sys

import pytest


@pytest.fixture(scope="session")
def may_leave_network():
    """True where a fresh process can leave the network."""
    program = "from asr_core import limits as l; l.leave_network(); print(l.network_left())"
    run = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    return run.stdout.strip() == "True"
