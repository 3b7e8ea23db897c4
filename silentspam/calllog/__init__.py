"""The call log: one row a call, written by many processes, in parts that may come in any order.

`screened` is what the screener learnt, `ended` what the switch reports when the caller's channel is gone,
`speech` what was measured on the caller's leg after the call. All are upserts that can be repeated; `ended`
yields where another part knows a column, since only the screener can tell a rejection or an abandoned test
from a plain hangup. So a spool can be taken in later, twice or in the wrong order, and gives the same row.
Labels and the history of models live in the same database.
"""
