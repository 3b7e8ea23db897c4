"""The lab: real Asterisk, real SIP callers and agents, and the scenarios of whole calls.

Everything runs on loopback, from packages unpacked into a cache folder and never installed; nothing here
ships with Silentspam. Start it with `python -m lab`.
"""
