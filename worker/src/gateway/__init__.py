"""The gateway: pure Python, host-independent. Data flows one way:

entry → app → endpoint → (auth, limits, cache) → provider → after the response.
"""
