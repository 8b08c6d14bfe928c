"""The rows of every benchmark: `bench NAME ratio R bound B pass|FAIL`, and the exit status."""
import os
import pathlib
import statistics

ROOT = pathlib.Path(__file__).resolve().parents[2]
PROGRAMS = pathlib.Path(os.environ.get("DTENV_BENCH_PROGRAMS", ROOT / "build/bench/tests/bench"))


class Rows:
    """Prints rows as they come; `failed` says whether one missed its bound."""

    def __init__(self) -> None:
        self.failed = False

    def at_least(self, name: str, ratio: float, bound: float, note: str = "") -> None:
        """So many times faster than the other."""
        self._row(name, ratio, ">=", bound, ratio >= bound, note)

    def at_most(self, name: str, ratio: float, bound: float, note: str = "") -> None:
        """So many times the floor."""
        self._row(name, ratio, "<=", bound, ratio <= bound, note)

    def _row(self, name: str, ratio: float, sign: str, bound: float, good: bool, note: str) -> None:
        self.failed |= not good
        verdict = "pass" if good else "FAIL"
        print(f"bench {name:<28} ratio {ratio:7.2f} bound {sign} {bound:<6g} {verdict}" + (f"  ({note})" if note else ""),
              flush=True)


def median(values: "list[float]") -> float:
    return statistics.median(values)
