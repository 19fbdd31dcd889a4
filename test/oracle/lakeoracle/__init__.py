"""What every lake table must hold, worked out from CommCare HQ's own stores by the documented rules.

Shares no code with the pipeline under test: another language, another XML parser, another Delta reader. Where the
documents leave a cell open, the expected value is an `Alternatives` and any of its members passes.
"""
