"""Where a call came from, by what networks did to its sound (US 9,516,497 B2; PinDr0p, CCS 2010).

Everything here looks at calls that are over, never on the call path, and goes one way: audio → measures →
features → codecs and fingerprint → sources and risk. Audio is one side of a call as a `Recording`; levels are
dBFS unless said, positions and lengths samples at 8 kHz.
"""
