"""`python -m tests.spec` writes docs/reference/rule-language.md; with `--print` it only prints."""

import sys

from tests.spec.reference import PLACE, reference

if __name__ == "__main__":
    if "--print" in sys.argv:
        print(reference(), end="")
    else:
        PLACE.parent.mkdir(parents=True, exist_ok=True)
        PLACE.write_text(reference(), encoding="utf-8")
        print(f"wrote {PLACE}")
