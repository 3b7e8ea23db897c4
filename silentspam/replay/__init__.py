"""A timeline of calls through the whole decision and all learning, on a simulated clock.

`timeline` reads the calls, `judging` listens to their recordings, `replay` screens one call after another by
`screening.screen_call` itself, over the simulated channel of `caller`, and teaches line memory what became of
each when it is known; `summary` says what it came to, and `day` draws a day to replay.
"""
