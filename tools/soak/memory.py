"""How much memory this process holds."""

import ctypes
import gc
import sys
from pathlib import Path

PAGE = 4096


def resident() -> float:
    """Return the resident memory in MB."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * PAGE / 1e6


def needed() -> float:
    """Return the resident memory in MB once all garbage is back with the system."""
    gc.collect()
    ctypes.CDLL(None).malloc_trim(0)
    return resident()


def held() -> int:
    """Return how many pieces of memory objects hold; collect the garbage first."""
    return sys.getallocatedblocks()
