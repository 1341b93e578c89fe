"""Keeps the memory of one block for the next.

A block makes and drops hundreds of arrays. Left alone, the C library gives their pages back to the system and takes fresh ones a
moment later, which costs a fifth of all CPU time; told to keep them, it needs no more memory at the peak.
"""

from __future__ import annotations

import ctypes
from collections.abc import Iterator
from contextlib import contextmanager

TRIM_THRESHOLD, MMAP_THRESHOLD = -1, -3  # the parameters of glibc's mallopt
KEPT = 64 << 20  # bytes of free memory at the end of the heap that are kept
LARGEST = 16 << 20  # bytes of an array that still comes from the heap
SMALL = 128 << 10  # what both are by default


@contextmanager
def memory_kept() -> Iterator[None]:
    """While it lasts, freed memory stays with this process; afterwards it is given back. Does nothing without glibc."""
    library = _library()
    if library is not None:
        library.mallopt(TRIM_THRESHOLD, KEPT)
        library.mallopt(MMAP_THRESHOLD, LARGEST)
    try:
        yield
    finally:
        if library is not None:
            library.mallopt(TRIM_THRESHOLD, SMALL)
            library.mallopt(MMAP_THRESHOLD, SMALL)
            library.malloc_trim(0)


def _library() -> ctypes.CDLL | None:
    try:
        library = ctypes.CDLL(None)
        return library if hasattr(library, "mallopt") and hasattr(library, "malloc_trim") else None
    except OSError:
        return None
