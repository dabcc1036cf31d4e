"""Cameras over known places, and their view directions computed by hand."""

CASES = {
    "left": {"jitter_urad": 2.0},
    "right": {"side": "right", "roll_deg": -8.0, "lat_deg": -71.0, "lon_deg": 181.0, "product_id": "M1RE"},
    "summed": {"summing": 2, "samples": 2532, "exposure_ms": 0.8, "roll_deg": 20.0, "altitude_km": 90.0},
    "piece": {"samples": 300, "first_sample": 3000, "lat_deg": -2.0, "lon_deg": 0.001, "pitch_deg": 12.0},
}
