"""The app: the only place that sees every room."""
