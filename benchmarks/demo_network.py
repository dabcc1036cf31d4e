"""The network of the demo, as config/demo.yaml builds it: benchmarks that use it follow the configuration."""

from pathlib import Path

import yaml

CONFIG = Path(__file__).resolve().parents[1] / "config" / "demo.yaml"
(_MODEL,) = yaml.safe_load(CONFIG.read_text())["models"].values()
# How the network is built (see `models.build_model`), without its start weights and the settings of its training.
DEMO_NETWORK = {key: _MODEL[key] for key in ("architecture", "encoder", "decoder_channels")}
