"""Every message WatchLLM sends: one function each, typed in what it needs, giving its content.

``previews`` lists them all with sample values; the staff site shows them and a snapshot test holds
each. To add a message, write its function in the module of its subject and add one line to
``previews``.
"""
