"""Screens inbound phone calls by the sound of their first two seconds."""

__version__ = "0.1.0"
