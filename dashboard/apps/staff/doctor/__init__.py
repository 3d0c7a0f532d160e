"""Looks at every outside service and setting the way the product uses it, and says what to mend.

``manage.py doctor`` prints the findings; ``run`` gives them to whoever else wants to show them.
"""
