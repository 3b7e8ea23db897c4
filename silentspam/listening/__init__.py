"""Where calls came from, in the system: sides and openings that wait are analysed, written, and told of.

Off the call path: a worker takes files that the switch and the screeners leave, and removes each only when
its row is durable. `offering` alone is imported by whoever screens calls.
"""
