"""Whether simulated images are like real ones, told by figures and by a picture."""
