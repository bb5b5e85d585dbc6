# Makes conda packages out of folders, many in one process, with the library behind Debian's `cph`; and compresses files with zstd.
# Its argument is a file: {"archives": [{"folder": …, "file": …}], "zstd": [{"from": …, "to": …}]}
import json
import os
import sys
import time

import zstandard
from conda_package_handling import api

# A .conda is a zip, which dates its members by the clock: the same package is to be the same archive each time.
time.time = lambda: 1571000000

with open(sys.argv[1]) as file:
    order = json.load(file)


def paths_below(folder):
    """In order, so that the same package is the same archive each time."""
    return sorted(
        os.path.relpath(os.path.join(at, name), folder)
        for at, folders, files in os.walk(folder)
        for name in files + [one for one in folders if os.path.islink(os.path.join(at, one))]
    )


for archive in order.get("archives", []):
    folder, name = os.path.split(archive["file"])
    # cph's own level 22 takes most of a second for each part, however small it is.
    fast = {"compressor": lambda: zstandard.ZstdCompressor(level=3)} if name.endswith(".conda") else {}
    api.create(archive["folder"], paths_below(archive["folder"]), name, folder, **fast)
for file in order.get("zstd", []):
    with open(file["from"], "rb") as source, open(file["to"], "wb") as target:
        # Level 16 is conda-index's own.
        zstandard.ZstdCompressor(level=file.get("level", 16)).copy_stream(source, target)
