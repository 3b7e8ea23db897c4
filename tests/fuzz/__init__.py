"""Hostile bytes for every reader: the AGI dialogue and every file that Silentspam reads.

    targets.py      the table: each reader as a function of bytes, and inputs to start from
    test_targets.py a few thousand inputs of each kind in `make test`, the same every time
    __main__.py     `make fuzz`: a million inputs guided by coverage

A reader may raise SilentSpamError, and nothing else.
"""
