"""Parses Swift sources: `swift.py FILE...`. No Swift compiler is to be had for the checks, so this sees errors of syntax and no others."""

import sys
from pathlib import Path

import tree_sitter_swift
from tree_sitter import Language, Parser


def faults(node):
    if node.is_error or node.is_missing:
        yield node.start_point[0] + 1
    elif node.has_error:
        for child in node.children:
            yield from faults(child)


def main(files):
    parser = Parser(Language(tree_sitter_swift.language()))
    wrong = [f"{file}:{line}" for file in files for line in faults(parser.parse(Path(file).read_bytes()).root_node)]
    if wrong or not files:
        raise SystemExit("\n".join(["Swift that cannot be parsed:", *wrong]))
    print(f"  {len(files)} Swift files can be parsed")


main(sys.argv[1:])
