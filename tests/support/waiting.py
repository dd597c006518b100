"""Waiting for the state of another process, which nothing reports."""

import pathlib
import time


def until_idle(pid: int) -> None:
    """Wait until a process sleeps, and goes on sleeping."""
    stat = pathlib.Path(f"/proc/{pid}/stat")
    status = pathlib.Path(f"/proc/{pid}/status")
    last, calm = None, 0
    for _ in range(6000):
        state = stat.read_text().rpartition(")")[2].split()[0]
        switches = [line for line in status.read_text().splitlines() if "switches" in line]
        calm = calm + 1 if state == "S" and switches == last else 0
        if calm == 3:
            return
        last = switches
        time.sleep(0.01)
    raise AssertionError(f"process {pid} did not come to rest")
