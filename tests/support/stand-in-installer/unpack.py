# Unpacks conda packages with the library behind Debian's `cph`: [{"archive": …, "folder": …, "record": …}] on its standard input. As with
# conda, info/repodata_record.json is written last: a folder without it is half done.
import json
import os
import sys

from conda_package_handling import api

for order in json.load(sys.stdin):
    api.extract(order["archive"], order["folder"])
    with open(os.path.join(order["folder"], "info", "index.json")) as file:
        record = dict(json.load(file), **order["record"])
    with open(os.path.join(order["folder"], "info", "repodata_record.json"), "w") as file:
        json.dump(record, file)
