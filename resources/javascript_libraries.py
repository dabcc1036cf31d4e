"""Fetch the JavaScript libraries of the viewer and of the documentation: `make javascript-libraries` (needs npm).

npm fetches the packages by name and version. The built files and the license of each package are copied unchanged. For
another version, change `FOLDERS` and run this file with `--accept`, which writes the new checksums.
"""

import argparse
import hashlib
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
CHECKSUMS = "SHA256SUMS"
# For each folder and package: path in its tarball, by the name of the copy.
FOLDERS = {
    ROOT / "workflow" / "imfmap" / "products" / "viewer" / "vendor": {
        "ol@10.10.0": {"ol.js": "dist/ol.js", "ol.css": "ol.css", "ol.LICENSE.md": "LICENSE.md"},
        "proj4@2.22.0": {"proj4.js": "dist/proj4.js", "proj4.LICENSE.md": "LICENSE.md"},
    },
    # With it, the site's search works without a server.
    ROOT / "docs" / "vendor": {
        "iframe-worker@1.0.4": {"iframe-worker.js": "shim/index.js", "iframe-worker.LICENSE": "LICENSE"}
    },
    # It looks for what keeps people with other senses, or without a mouse, from using the viewer.
    ROOT / "tests" / "vendor": {"axe-core@4.14.1": {"axe.js": "axe.min.js", "axe.LICENSE": "LICENSE"}},
}


def fetched(packages: dict[str, dict[str, str]]) -> dict[str, bytes]:
    """Return the content of each library file of some packages, by name, as npm delivers it."""
    content = {}
    with tempfile.TemporaryDirectory() as folder:
        for package, members in packages.items():
            pack = ["npm", "pack", package, "--silent", "--pack-destination", folder]
            tarball = subprocess.run(pack, check=True, stdout=subprocess.PIPE, text=True).stdout.split()[-1]
            with tarfile.open(Path(folder, tarball)) as archive:
                content |= {name: archive.extractfile(f"package/{member}").read() for name, member in members.items()}
    return content


def checksums(content: dict[str, bytes]) -> str:
    """Return the text of the checksum file, in the format of `sha256sum --check`."""
    return "".join(f"{hashlib.sha256(content[name]).hexdigest()}  {name}\n" for name in sorted(content))


def main() -> None:
    """Fetch the libraries, compare their checksums, and write them."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--accept", action="store_true", help="write the checksums of what npm delivers")
    accept = parser.parse_args().accept
    for folder, packages in FOLDERS.items():
        content = fetched(packages)
        known = folder / CHECKSUMS
        if not accept and checksums(content) != known.read_text():
            sys.exit(f"{known}: npm delivers other files than these; if you changed a version on purpose, add --accept")
        folder.mkdir(exist_ok=True)
        for name, data in content.items():
            (folder / name).write_bytes(data)
        known.write_text(checksums(content))


if __name__ == "__main__":
    main()
