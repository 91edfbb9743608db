"""Recomputes an export's root from its entries alone, with PyPI's pymerkle: python3 root.py DIRECTORY..."""

import base64
import sys
from pathlib import Path

from pymerkle import InmemoryTree


def entries(directory: Path, size: int):
    """The entries in order, each from behind its length in two bytes."""
    for number in range((size + 255) // 256):
        width = min(256, size - 256 * number)
        groups = f"{number:03d}" if number < 1000 else f"x{number // 1000:03d}/{number % 1000:03d}"
        name = groups if width == 256 else f"{groups}.p/{width}"
        bundle = (directory / "tile" / "entries" / name).read_bytes()
        for _ in range(width):
            length = int.from_bytes(bundle[:2], "big")
            entry, bundle = bundle[2 : 2 + length], bundle[2 + length :]
            if len(entry) != length:
                raise ValueError("a bundle is cut")
            yield entry
        if bundle:
            raise ValueError("a bundle has bytes left over")


def check(directory: Path) -> int:
    lines = (directory / "checkpoint").read_text().split("\n")
    size, root = int(lines[1]), base64.b64decode(lines[2], validate=True)
    tree = InmemoryTree(algorithm="sha256")
    for entry in entries(directory, size):
        tree.append_entry(entry)
    if tree.get_root() != root:
        raise ValueError(f"the root of the entries is {tree.get_root().hex()}, not {root.hex()}")
    return size


failed = False
for name in sys.argv[1:]:
    try:
        print(f"ok {name}: the root of its {check(Path(name))} entries is the checkpoint's")
    except (OSError, ValueError, IndexError) as error:
        failed = True
        print(f"WRONG {name}: {error}")
sys.exit(1 if failed or len(sys.argv) < 2 else 0)
