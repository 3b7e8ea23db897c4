"""The call log: one row a call, written by many processes, in two halves that may come in either order.

`screened` is what the screener learnt, `ended` what the switch reports when the caller's channel is gone.
Both are upserts that can be repeated; `screened` wins where both know a column, since only the screener can
tell a rejection or an abandoned test from a plain hangup. So a spool can be taken in later, twice or in the
wrong order, and still gives the same row.
"""
