"""`python -m tests.simulation SEED [UPTO]` plays seeds and says what broke in them; of a single one
all that happened."""

import sys
import time

from tests.simulation.play import play


def main(first: int, upto: int | None) -> int:
    """Returns the exit code."""
    broken = 0
    began = time.process_time()
    for seed in range(first, (upto or first) + 1):
        played = play(seed)
        if upto is None:
            _say("\n".join(played.lines))
        for line in played.broken:
            _say(f"THAW_SEED={seed}: {line}")
        broken += bool(played.broken)
    count = (upto or first) + 1 - first
    spent = (time.process_time() - began) / count
    _say(f"{count} seeds, {broken} broken, {1000 * spent:.0f} ms of CPU each")
    return bool(broken)


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else None))
