"""Compares the public names of the Kotlin and the Swift bindings: `names.py FOLDER`. What one has and the other has not, fails.

Types, their calls with the names of the arguments, the fields of records, the cases of enumerations and functions by themselves are compared. Kotlin calls an error
`…Exception` where Swift says `…Error`, and each writes the cases of enumerations in its own way.
"""

import re
import sys
from pathlib import Path


def without_comments(text):
    return re.sub(r"//[^\n]*", "", re.sub(r"/\*.*?\*/", "", text, flags=re.S))


def body(text, start):
    """What is between the bracket at `start` and the one that closes it."""
    pairs = {"{": "}", "(": ")"}
    opening, closing = text[start], pairs[text[start]]
    depth = 0
    for place in range(start, len(text)):
        depth += {opening: 1, closing: -1}.get(text[place], 0)
        if depth == 0:
            return text[start + 1 : place]
    raise ValueError("a bracket is not closed")


def top_level(text):
    """The text without what stands in braces."""
    kept, depth = [], 0
    for character in text:
        depth += character == "{"
        if depth == 0:
            kept.append(character)
        depth -= character == "}"
    return "".join(kept)


def case_name(text):
    return text.replace("_", "").lower()


def type_name(text):
    return re.sub(r"Exception$", "Error", text)


def arguments(text):
    return ",".join(re.findall(r"(?:^|,)\s*`?(\w+)`?\s*:", text))


def calls(text, function):
    for found in re.finditer(function + r"\s+`?(\w+)`?\s*\(", text):
        yield f"{found[1]}({arguments(body(text, found.end() - 1))})"


def kotlin(text):
    text = without_comments(text)
    for found in re.finditer(r"public interface (\w+?)(Interface)? \{", text):
        if not found[1].startswith(("Disposable", "Uniffi", "Ffi")):
            for call in calls(top_level(body(text, found.end() - 1)), r"fun"):
                yield f"{found[1]}.{call}"
    for found in re.finditer(r"^data class (\w+) \(", text, flags=re.M):
        for field in re.findall(r"va[rl]\s+`(\w+)`", body(text, found.end() - 1)):
            yield f"{found[1]}.{field}"
    for found in re.finditer(r"^enum class (\w+) \{", text, flags=re.M):
        for case in re.findall(r"\b([A-Z][A-Z0-9_]*)\b", body(text, found.end() - 1).split(";")[0]):
            yield f"{found[1]}.case {case_name(case)}"
    for found in re.finditer(r"^sealed class (\w+)[^{\n]*\{", text, flags=re.M):
        inner = body(text, found.end() - 1)
        for case in re.finditer(r"^    (?:data class|class|object) (\w+)\s*(\()?", inner, flags=re.M):
            fields = re.findall(r"val `(\w+)`", body(inner, case.end() - 1)) if case[2] else []
            if case[1] != "ErrorHandler":
                yield f"{type_name(found[1])}.case {case_name(case[1])}({','.join(fields)})".replace("()", "")


    for found in re.finditer(r"^\s*(?:@Throws\([^\n)]*\)\s*)?fun `(\w+)`\s*\(", text, flags=re.M):
        if is_outside(text, found.start()):
            yield f"{found[1]}({arguments(body(text, found.end() - 1))})"


def is_outside(text, place):
    """Whether nothing that was opened before is still open."""
    return text.count("{", 0, place) == text.count("}", 0, place)


def swift(text):
    text = without_comments(text)
    for found in re.finditer(r"^public func (\w+)\s*\(", text, flags=re.M):
        if not found[1].startswith(("uniffi", "FfiConverter")):
            yield f"{found[1]}({arguments(body(text, found.end() - 1))})"
    for found in re.finditer(r"public protocol (\w+?)(Protocol)?: AnyObject, Sendable \{", text):
        for call in calls(body(text, found.end() - 1), r"func"):
            yield f"{found[1]}.{call}"
    for found in re.finditer(r"^public struct (\w+)[^{\n]*\{", text, flags=re.M):
        if not found[1].startswith("FfiConverter"):
            for field in re.findall(r"public var (\w+):", body(text, found.end() - 1)):
                yield f"{found[1]}.{field}"
    for found in re.finditer(r"^(?:public\s+)?enum (\w+)[^{\n]*\{", text, flags=re.M):
        if "Uniffi" in found[1]:
            continue
        inner = top_level(body(text, found.end() - 1))
        for case in re.finditer(r"^ *case `?(\w+)`?(\()?", inner, flags=re.M):
            fields = arguments(body(inner, case.end() - 1)) if case[2] else ""
            yield f"{found[1]}.case {case_name(case[1])}({fields})".replace("()", "")


def main(folder):
    there = {
        "Kotlin": set(kotlin((folder / "kotlin/symbolon/mobile/symbolon.kt").read_text())),
        "Swift": set(swift((folder / "swift/Symbolon.swift").read_text())),
    }
    of_kotlin, of_swift = there["Kotlin"], there["Swift"]
    for name in sorted(of_kotlin ^ of_swift):
        print(f"only in {'Kotlin' if name in of_kotlin else 'Swift'}: {name}")
    if of_kotlin != of_swift or len(of_kotlin) < 200:
        raise SystemExit("the bindings have different names, or fewer than they had")
    print(f"  {len(of_kotlin)} names are the same in Kotlin and Swift")


main(Path(sys.argv[1]))
