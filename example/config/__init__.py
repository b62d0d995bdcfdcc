"""The task board's project: settings, URLs and entry points."""
