"""Every message WatchLLM sends: one function each, typed in what it needs, giving its content.

``previews`` lists them all with sample values; the staff site shows them and a snapshot test holds
each. Adding a message means writing its function here beside its kin and one line there.
"""
