"""Checks every outside service and setting in the way the product uses it, and says what to fix.

``manage.py doctor`` prints the findings; ``run`` gives them to whoever else wants to show them.
"""
