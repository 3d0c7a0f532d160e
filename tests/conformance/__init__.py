"""What providers send × what clients ask for × what the cache does: one data file a case.

See README.md for the members of a case. A new report is a new file in ``cases``, and no new code.
"""
