"""Any Chromium will do: one on PATH, else the one in the npm package @sparticuz/chromium."""

import os
import shutil
import subprocess
from pathlib import Path

ROOT = Path(__file__).parent.parent.parent
NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
# The package unpacks into the folder for temporary files, and its shared libraries (missing
# on machines without a desktop) only where it believes to be on Amazon's.
UNPACK = """
import chromium from "@sparticuz/chromium";
console.log(await chromium.executablePath());
"""
ARGUMENTS = [
    "--no-sandbox",  # root may not have one
    "--use-gl=angle",
    "--use-angle=swiftshader",
    "--enable-unsafe-swiftshader",
    "--ignore-gpu-blocklist",
]


class NoChromium(Exception):
    """There is none; the text says what to do."""


def executable() -> str:
    """Return the path of a Chromium for Playwright's `executable_path`; NoChromium when there is none.

    Start it with ARGUMENTS, which draw WebGL without a graphics card.
    """
    if path := next(filter(None, map(shutil.which, NAMES)), None):
        return path
    return str(unpacked(ROOT / "build" / "chromium"))


def unpacked(folder: Path) -> Path:
    """Unpack npm's Chromium into `folder` and return a script that runs it."""
    script = folder / "run"
    if script.exists():
        return script
    if not (ROOT / "node_modules" / "@sparticuz" / "chromium").exists():
        raise NoChromium("No Chromium on PATH and none from npm. Run `make dev`, or install chromium.")
    folder.mkdir(parents=True, exist_ok=True)
    environment = {**os.environ, "TMPDIR": str(folder), "AWS_LAMBDA_JS_RUNTIME": "nodejs22.x"}
    result = subprocess.run(
        [shutil.which("node") or "node", "--input-type=module", "--eval", UNPACK],
        cwd=ROOT, env=environment, capture_output=True, text=True, timeout=300,
    )  # fmt: skip
    program = Path(result.stdout.strip())
    if result.returncode or not program.is_file():
        raise NoChromium(f"npm's Chromium cannot be unpacked: {result.stderr}")
    aside = folder / "run.new"
    aside.write_text(
        f'#!/bin/sh\nexport LD_LIBRARY_PATH="{folder}/al2023/lib:$LD_LIBRARY_PATH"\n'
        f'export FONTCONFIG_PATH="{folder}/fonts"\nexec "{program}" "$@"\n'
    )
    aside.chmod(0o755)
    aside.replace(script)
    return script
