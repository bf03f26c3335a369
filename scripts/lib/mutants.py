"""mutants.py FLOOR [MODULE...]: tells what became of mutmut's mutants in this folder; fails under FLOOR percent."""

import sys
from collections import Counter
from pathlib import Path

from mutmut.mutation.data import SourceFileMutationData
from mutmut.mutation.diff_apply import get_diff_for_mutant
from mutmut.stats import status_by_exit_code
from mutmut.utils.file_utils import walk_mutatable_files

NOTICED = ("killed", "timeout")


def main(floor: float, modules: list[str]) -> str | None:
    """Print a line for each module and what went unnoticed; return what to say when that is too much."""
    total: Counter[str] = Counter()
    for path in sorted(walk_mutatable_files()):
        if not modules or path.stem in modules:
            statuses = _statuses(path)
            for name, status in statuses.items():
                if status not in NOTICED:
                    print(f"\n# {name}: {status}\n{get_diff_for_mutant(name, path=path)}")
            total.update(statuses.values())
            print(_line(path.stem, Counter(statuses.values())))
    print(_line("all", total))
    return None if _percent(total) >= floor else f"Fewer than {floor:g} % were noticed."


def _statuses(path: Path) -> dict[str, str]:
    data = SourceFileMutationData(path=path)
    data.load()
    return {name: status_by_exit_code[code] for name, code in data.exit_code_by_key.items()}


def _percent(statuses: Counter[str]) -> float:
    noticed = sum(statuses[status] for status in NOTICED)
    return 100 * noticed / (statuses.total() or 1)


def _line(name: str, statuses: Counter[str]) -> str:
    counts = ", ".join(f"{count} {status}" for status, count in statuses.most_common())
    return f"{name}: {_percent(statuses):.1f} % of {statuses.total()} ({counts})"


if __name__ == "__main__":
    sys.exit(main(float(sys.argv[1]), sys.argv[2:]))
