"""A simulated Moon whose truth is known: ground, light, camera and the labels a person would draw."""
