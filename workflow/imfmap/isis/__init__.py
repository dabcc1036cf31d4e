"""ISIS as an engine: its commands as plain data, checked, run through pysis, and their products checked."""
