"""mutants.py FLOOR PACKAGE [MODULE...]: prints the results of mutmut; fails where a file is under FLOOR percent."""

import sys
from collections import Counter
from pathlib import Path

from mutmut.mutation.data import SourceFileMutationData
from mutmut.mutation.diff_apply import get_diff_for_mutant
from mutmut.stats import status_by_exit_code
from mutmut.utils.file_utils import walk_mutatable_files

DETECTED = ("killed", "timeout")
NOT_TRIED = "not checked"


def main(floor: float, package: Path, modules: list[str]) -> str | None:
    """Print a line for each module, and each change that no test detects; return why this fails."""
    total: Counter[str] = Counter()
    under: list[str] = []
    for path in sorted(walk_mutatable_files()):
        module = str(path.relative_to(package).with_suffix("")) if package in path.parents else ""
        if not module or (modules and module not in modules):
            continue
        statuses = _statuses(path)
        for name, status in statuses.items():
            if status not in DETECTED:
                print(f"\n# {name}: {status}\n{get_diff_for_mutant(name, path=path)}")
        counts = Counter(statuses.values())
        total.update(counts)
        print(_line(module, counts))
        if counts and _percent(counts) < floor:
            under.append(module)
    print(_line("all", total))
    return f"Fewer than {floor:g} % were detected in: {', '.join(under)}" if under else None


def _statuses(path: Path) -> dict[str, str]:
    data = SourceFileMutationData(path=path)
    data.load()
    statuses = {name: status_by_exit_code[code] for name, code in data.exit_code_by_key.items()}
    return {name: status for name, status in statuses.items() if status != NOT_TRIED}


def _percent(statuses: Counter[str]) -> float:
    detected = sum(statuses[status] for status in DETECTED)
    return 100 * detected / (statuses.total() or 1)


def _line(name: str, statuses: Counter[str]) -> str:
    counts = ", ".join(f"{count} {status}" for status, count in statuses.most_common())
    return f"{name}: {_percent(statuses):.1f} % of {statuses.total()} ({counts})"


if __name__ == "__main__":
    sys.exit(main(float(sys.argv[1]), Path(sys.argv[2]), sys.argv[3:]))
