"""FreeSWITCH in the lab's place of Asterisk: an installed one, for nobody ships its packages.

Start it with `python -m lab --switch freeswitch`; README.md in this folder says what it needs.
"""
