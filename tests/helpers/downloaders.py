"""Everything in this project that asks a server, each in the same form, so that a test is of all of them."""

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path

from imfmap.acquisition.download import download_file
from imfmap.acquisition.isisdata import gather
from imfmap.acquisition.isisdata_store import IsisData
from imfmap.acquisition.published_files import download_torchvision_weights, download_zenodo_checkpoint
from imfmap.acquisition.search import locate
from tests.helpers.downloads import PAYLOAD
from tests.helpers.isis_requests import LABEL, store_files
from tests.helpers.servers import ode_product, settings_for

EDR = "/data/LRO-L-LROC-2-EDR-V1.0/LROLRC_0001/DATA/COM/2009211/NAC/M103595705LE.IMG"
NEW_EDR = (
    "/data/store/img/lunar_reconnaissance_orbiter/pds4/lroc/lro-l-lroc-2-edr/LROLRC_0001/DATA/COM/2009211/NAC/"
    "M103595705LE.IMG"
)
KERNEL = "lro/kernels/ck/moc42r_2009181_2009213_v14.bc"
CALIBRATION = "lro/calibration/NACL_Flatfield.0002.cub"
WEIGHTS = f"/models/net_coco-{hashlib.sha256(PAYLOAD).hexdigest()[:8]}.pth"


@dataclass(frozen=True)
class Downloader:
    """One of them.

    Attributes
    ----------
    path : str
        Path on the server of what is asked for, or its beginning.
    is_file : bool
        Whether that is a file, not the answer of a service.
    """

    name: str
    path: str
    is_file: bool = True

    def run(self, server_url, folder, settings):
        """Download into a folder; what came."""
        folder.mkdir(exist_ok=True)
        if self.name == "edr":
            download_file(f"{server_url}{EDR}", folder / "M.IMG", settings)
            return (folder / "M.IMG").read_bytes()
        if self.name == "search":
            return list(locate(["M103595705LE"], settings)["product"])
        if self.name in ("listing", "kernel", "calibration"):
            data = IsisData(folder / "isisdata", settings)
            gather(LABEL, data)
            return {path.name: path.read_bytes() for path in data.folder.rglob("*") if path.is_file()}
        if self.name in ("record", "zenodo"):
            download_zenodo_checkpoint(7, folder / "w.pt", settings)
            return (folder / "w.pt").read_bytes()
        download_torchvision_weights(f"{server_url}{WEIGHTS}", folder / "w.pth", settings)
        return (folder / "w.pth").read_bytes()


DOWNLOADERS = [
    Downloader("edr", EDR),
    Downloader("search", "/ode", False),
    Downloader("listing", "/?list-type", False),
    Downloader("kernel", f"/usgs_data/{KERNEL}"),
    Downloader("calibration", f"/usgs_data/{CALIBRATION}"),
    Downloader("record", "/records/7", False),
    Downloader("zenodo", "/files/w.pt"),
    Downloader("torchvision", WEIGHTS),
]


def fill(server):
    """Put everything that they ask for on a server; its settings."""
    md5 = hashlib.md5(PAYLOAD, usedforsecurity=False).hexdigest()
    entry = {"key": "w.pt", "size": len(PAYLOAD), "checksum": f"md5:{md5}"}
    entry["links"] = {"self": f"{server.url}/files/w.pt"}
    server.files.update(store_files())
    server.files.update({EDR: PAYLOAD, "/files/w.pt": PAYLOAD, WEIGHTS: PAYLOAD})
    server.files["/records/7"] = json.dumps({"files": [entry]}).encode()
    corners = [(10.0, 10.0), (10.1, 10.0), (10.1, 11.0), (10.0, 11.0)]
    server.products = [ode_product("M103595705LE", corners, url=f"{server.url}{EDR}")]
    return settings_for(server)


def run_by_name(name, server_url, folder, settings):
    """Run a downloader in a process of its own."""
    chosen = next(downloader for downloader in DOWNLOADERS if downloader.name == name)
    chosen.run(server_url, Path(folder), settings)
