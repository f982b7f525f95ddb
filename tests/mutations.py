"""Break the package on purpose, one line at a time, and see the tests notice.

    python tests/mutations.py [word ...]

copies the package, its benchmarks and tests to a temporary folder, applies one change after the other, and runs the
tests that should turn red. It prints which test caught which change, and exits with an error if one went unnoticed, if
a change no longer applies, or if the tests are not green to begin with. With words: only the changes whose text
contains one.
The changes are listed in ``tests/planted/``, a family to a file.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from xml.etree import ElementTree

from planted import MUTATIONS, Mutation

ROOT = Path(__file__).resolve().parent.parent
NOTICED = (  # by an assertion or by a check that the package makes itself; else the change does not even run
    "assert ",
    "AssertionError",
    "Failed: DID NOT RAISE",
    "Failed: DID NOT WARN",
    "ValueError: output array is read-only",
    "ValueError: grad must be the gradient of value",
)


def pytest(folder: Path, tests: tuple[str, ...]) -> tuple[int, str, str]:
    """Exit status of a run in ``folder``, its first failed test, and why it failed."""
    report = folder / "report.xml"  # reasons in full, where the terminal's are cut
    report.unlink(missing_ok=True)
    how = ["-x", "-q", "-n", "0", "-p", "no:cacheprovider", "--slow", f"--junitxml={report}"]
    env = os.environ | {"SDEOPT_CACHE_DIR": str(folder / "cache"), "PYTHONDONTWRITEBYTECODE": "1"}
    env.pop("PYTHONPATH", None)
    command = [sys.executable, "-m", "pytest", *how, *tests]
    done = subprocess.run(command, cwd=folder, env=env, capture_output=True, text=True, timeout=600)
    cases = ElementTree.parse(report).iter("testcase") if report.exists() else ()
    for case in cases:
        failure = case.find("failure")
        if failure is not None:
            return done.returncode, f"{case.get('classname')}::{case.get('name')}", failure.get("message", "")
    return done.returncode, "", (done.stdout + done.stderr)[-400:]


def verdict(folder: Path, mutation: Mutation) -> tuple[bool, str]:
    """Whether the change was noticed, and by which test; or why it could not be tried."""
    file = folder / mutation.file
    text = file.read_text(encoding="utf-8")
    if text.count(mutation.old) != 1:
        return False, f"stands {text.count(mutation.old)} times in {mutation.file}, not once"
    file.write_text(text.replace(mutation.old, mutation.new), encoding="utf-8")
    try:
        status, test, why = pytest(folder, mutation.tests)
    finally:
        file.write_text(text, encoding="utf-8")
    if status == 0:
        return False, "SURVIVED"
    noticed = status == 1 and why.startswith(NOTICED)
    return noticed, test if noticed else f"broke instead of failing: {test} {why[:400]}"


def main(words: list[str]) -> int:
    chosen = [m for m in MUTATIONS if not words or any(word in m.what for word in words)]
    if not chosen:
        print(f"no change has one of these words in its text: {', '.join(words)}")
        return 1
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for part in ("sdeopt", "benchmarks", "tests"):
            shutil.copytree(ROOT / part, folder / part, ignore=shutil.ignore_patterns("__pycache__"))
        shutil.copy(ROOT / "setup.cfg", folder)
        status, test, why = pytest(folder, tuple(dict.fromkeys(test for m in chosen for test in m.tests)))
        if status != 0:
            print(f"the tests are not green to begin with: {test} {why}")
            return 1
        noticed = 0
        for mutation in chosen:
            red, said = verdict(folder, mutation)
            noticed += red
            print(f"{'red  ' if red else 'GREEN'}  {mutation.what:62s}  {said}", flush=True)
    print(f"{noticed} of {len(chosen)} changes noticed")
    return 0 if noticed == len(chosen) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
