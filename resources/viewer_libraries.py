"""Fetch the JavaScript libraries of the viewer: `make viewer-libraries` (needs npm and a network).

npm fetches the packages by name and version. The built files and the license of each package are copied unchanged. For
another version, change `PACKAGES` and run this file with `--accept`, which writes the new checksums.
"""

import argparse
import hashlib
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

VENDOR = Path(__file__).resolve().parents[1] / "workflow" / "imfmap" / "products" / "viewer" / "vendor"
CHECKSUMS = "SHA256SUMS"
# For each package: path in its tarball, by the name of the copy.
PACKAGES = {
    "ol@10.10.0": {"ol.js": "dist/ol.js", "ol.css": "ol.css", "ol.LICENSE.md": "LICENSE.md"},
    "proj4@2.22.0": {"proj4.js": "dist/proj4.js", "proj4.LICENSE.md": "LICENSE.md"},
}


def fetched() -> dict[str, bytes]:
    """Return the content of each library file, by name, as npm delivers it."""
    content = {}
    with tempfile.TemporaryDirectory() as folder:
        for package, members in PACKAGES.items():
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
    content = fetched()
    known = VENDOR / CHECKSUMS
    if not accept and checksums(content) != known.read_text():
        sys.exit(f"{known}: npm delivers other files than these; if you changed a version on purpose, add --accept")
    VENDOR.mkdir(exist_ok=True)
    for name, data in content.items():
        (VENDOR / name).write_bytes(data)
    known.write_text(checksums(content))


if __name__ == "__main__":
    main()
