#!/usr/bin/python3
"""What deepdiff (python3-deepdiff of Debian) needs for the pairs of a corpus.

usage: others.py FOLDER MAX_BYTES ; one line: name, pairs, changes, milliseconds
"""
import csv
import json
import sys
import time

from deepdiff import DeepDiff


def text(path):
    with open(path, "rb") as f:
        data = f.read()
    return data, data.decode("utf-16" if data[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig")


def main():
    folder, most = sys.argv[1], int(sys.argv[2])
    count = changes = 0
    total = 0.0
    with open(folder + "/MANIFEST.tsv", encoding="utf-8") as f:
        rows = list(csv.DictReader(f, delimiter="\t"))
    for row in rows:
        (raw_a, a), (raw_b, b) = (text(f"{folder}/{row['set']}/{row['n']}.{s}.json") for s in "ab")
        if len(raw_a) + len(raw_b) > most:
            continue
        began = time.perf_counter()
        diff = DeepDiff(json.loads(a), json.loads(b), ignore_order=True)
        total += time.perf_counter() - began
        changes += sum(len(group) for group in diff.values())
        count += 1
    print("deepdiff", count, changes, f"{1000 * total:.2f}", sep="\t")


main()
