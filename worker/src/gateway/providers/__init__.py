"""Providers: capabilities as data, translation beside them; ``registry`` lists them."""
